//! A process for each run: a document on standard input, a document on standard output, the outcome by exit code.
//!
//! Linking scripts in (a plugin interface, an embedded interpreter) would tie operators to one language and to our releases. A process is the interface
//! that every language has: it is bounded, it can be killed, and its exit code says how it went.

mod ending;

use crate::Program;
use crate::call::Asking;
use crate::process::{Groups, Runner};
use crate::protocol::{Answer, Body, parse};
use ending::{Ending, meaning};

/// A program that is started for each question.
#[derive(Clone, Debug)]
pub(crate) struct Exec(Runner);

impl Exec {
    pub(crate) fn new(program: Program, groups: &Groups) -> Self {
        Self(Runner { program, groups: groups.clone() })
    }

    pub(crate) async fn ask<T: Body>(&self, asking: Asking<'_>) -> Answer<T> {
        let Asking { seams, about, input, time, stay } = asking;
        let begun = seams.now();
        let on_line = |line: &str| tracing::info!(target: "script", "{line}");
        let ended = match self.0.run(seams, &about, input, time, stay.as_ref(), on_line).await {
            Ok(ended) => ended,
            Err(failed) => return Answer::Failed(failed.to_string()),
        };
        tracing::debug!(took = ?(seams.now() - begun), how = ?ended.how, "the script ended");
        let meaning = meaning(&ended, time);
        if let Ending::Failed(words) = meaning {
            return Answer::Failed(words);
        }
        let said = match parse(&ended.output) {
            Ok(said) => said,
            Err(malformed) => return Answer::Failed(format!("standard output {malformed}")),
        };
        match meaning {
            Ending::Success => Answer::Success(said),
            Ending::NotYet(words) => Answer::NotYet { words, after: None, said },
            Ending::Terminal(words) => Answer::Terminal { words, said },
            Ending::Failed(words) => Answer::Failed(words),
        }
    }
}
