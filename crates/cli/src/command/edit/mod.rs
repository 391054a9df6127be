//! `trimtab edit`: an entry in an editor, and back.

mod editor;
mod paper;
mod text;

use std::io::{IsTerminal as _, stdin};

use clap::Args;
use trimtab::store::Document;
use trimtab_http::wire::{EntryKey, Outcome, ProblemKind, Written};

use super::Exit;
use super::told::{Told, shown};
use super::unified::unified;
use crate::client::{Answer, Client, Failure, Reach, Tenancies, wanted};
use crate::show::{Style, visible};
use paper::Paper;
use text::{Text, Typed, Wrong};

const EXAMPLE: &str = "\
Example:
  trimtab edit site blog
  EDITOR='code --wait' trimtab edit site/blog

The editor is $VISUAL, else $EDITOR, else vi. An empty file breaks it off. What was typed and not
taken is kept in a file that is named.";

/// `trimtab edit`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Edit {
    /// `site blog` or `site/blog`.
    #[arg(value_name = "KIND NAME", required = true, num_args = 1..=2)]
    what: Vec<String>,
    #[command(flatten)]
    tenancies: Tenancies,
    #[command(flatten)]
    reach: Reach,
}

impl Edit {
    /// Shows it in the editor, and writes what comes back.
    pub(crate) fn execute(&self) -> Result<Exit, Failure> {
        let client = self.reach.client()?;
        let key = self.key(&client)?;
        let read = client.entry(&key)?;
        let text = Text::of(&read.body)?;
        let mut paper = Paper::new(&text.first())?;
        let told = Told { form: None, is_quiet: self.reach.is_quiet() };
        let outcome = rounds(&client, &read, &text, &mut paper);
        match outcome {
            Ok(End::Written(written)) => {
                told.written(&written, "");
                Ok(Exit::Done)
            }
            Ok(End::Same) => {
                told.people(&format!("{} unchanged", shown(&key)));
                Ok(Exit::Done)
            }
            Err(failure) => Err(match paper.keep_if_worth(&text) {
                Some(path) => failure.kept(&format!("what was typed is kept in {}", path.display())),
                None => failure,
            }),
        }
    }

    fn key(&self, client: &Client) -> Result<EntryKey, Failure> {
        let one = || Failure::usage("say one entry: `site blog` or `site/blog`");
        let wanted = wanted(&self.what)?;
        let [wanted] = &wanted[..] else { return Err(one()) };
        let [name] = &wanted.names[..] else { return Err(one()) };
        let unless = |name: Option<&str>| name.filter(|name| *name != "default").map(str::to_owned);
        Ok(EntryKey {
            kind: client.kind(&wanted.kind)?,
            name: name.clone(),
            namespace: unless(self.tenancies.namespace()),
            partition: unless(self.tenancies.partition()),
        })
    }
}

/// How an edit ended well.
enum End {
    Written(Box<Written>),
    Same,
}

/// Lets it be edited until it is taken, or given up.
fn rounds(client: &Client, read: &Answer<Document>, text: &Text, paper: &mut Paper) -> Result<End, Failure> {
    loop {
        let before = paper.text()?;
        editor::open(paper.path())?;
        let now = paper.text()?;
        let (wrong, failure) = match text.read(&now) {
            Typed::Nothing => {
                return Err(Failure::failed("broken off: the file is empty; nothing was written"));
            }
            Typed::Same => return Ok(End::Same),
            Typed::Wrong(wrong) => {
                let failure = Failure::failed(format!("nothing was written: {}", wrong.within(&now)));
                (wrong, failure)
            }
            Typed::Entry(document) => match client.put_entry(&document, read.etag.as_deref(), false) {
                Ok(answer) if answer.body.outcome == Outcome::Unchanged => return Ok(End::Same),
                Ok(answer) => return Ok(End::Written(Box::new(answer.body))),
                Err(failure) if failure.kind() == Some(ProblemKind::PreconditionFailed) => {
                    return Err(conflict(&read.body, failure));
                }
                Err(failure) if is_of_the_text(&failure) => (Wrong::new(failure.to_string()), failure),
                Err(failure) => return Err(failure),
            },
        };
        // Whoever changes nothing about a mistake wants to leave, and a program that edits would not see it.
        if now == before || !stdin().is_terminal() {
            return Err(failure);
        }
        paper.write(&text.again(&now, &wrong))?;
    }
}

/// Whether another text would mend it.
fn is_of_the_text(failure: &Failure) -> bool {
    matches!(failure.kind(), Some(ProblemKind::Invalid | ProblemKind::Malformed | ProblemKind::TooLarge))
}

/// Somebody was faster: what they changed is told.
fn conflict(read: &Document, failure: Failure) -> Failure {
    let key = shown(&crate::client::key_of(read));
    let there = failure.document().and_then(|problem| problem.found.first());
    let Some(there) = there else {
        return failure.text(format!("{key} was deleted meanwhile; nothing was written"));
    };
    let sides = (("as you were shown it", Some(read)), ("as it is now", Some(there)));
    match unified(sides.0, sides.1, Style::default()) {
        Ok(text) if !text.is_empty() => text.lines().for_each(|line| eprintln!("{}", visible(line))),
        _ => {}
    }
    failure.text(format!("{key} was changed by somebody else meanwhile; nothing was written"))
}
