//! One test of the suite, and how its body says what it found.

use std::fmt::{Debug, Display};

use super::hooks::LocalFuture;
use super::report::{Ran, Skipped, Violation};
use super::trial::Trial;

/// Why a test body ended early.
#[derive(Debug)]
pub(super) enum Stop {
    Violated { expected: String, seen: String },
    Skipped(String),
}

pub(super) type Outcome = Result<(), Stop>;

/// Goes on when it holds; `seen` is what was found instead.
pub(super) fn ensure(holds: bool, expected: impl Display, seen: impl Debug) -> Outcome {
    if holds { Ok(()) } else { Err(violated(expected, seen)) }
}

pub(super) fn violated(expected: impl Display, seen: impl Debug) -> Stop {
    Stop::Violated { expected: shortened(&expected.to_string()), seen: shortened(&format!("{seen:?}")) }
}

/// The outcome of a test that needs faults of a server.
pub(super) fn skipped<'a>(needs: &str) -> LocalFuture<'a, Outcome> {
    let outcome = Err(Stop::Skipped(format!("{needs}: a test of the adapter's own")));
    Box::pin(std::future::ready(outcome))
}

/// Answers may hold records by the hundred; their beginning tells enough.
fn shortened(text: &str) -> String {
    const MOST: usize = 600;
    if text.chars().count() <= MOST {
        text.into()
    } else {
        text.chars().take(MOST).chain("...".chars()).collect()
    }
}

pub(super) struct Case<B> {
    test: u8,
    rule: &'static str,
    proves: &'static str,
    body: Body<B>,
}

type Body<B> = for<'a> fn(&'a Trial<'_, B>) -> LocalFuture<'a, Outcome>;

impl<B> Case<B> {
    pub(super) fn new(test: u8, rule: &'static str, proves: &'static str, body: Body<B>) -> Self {
        Self { test, rule, proves, body }
    }

    pub(super) const fn number(&self) -> u8 {
        self.test
    }

    pub(super) fn run<'a>(&self, trial: &'a Trial<'_, B>) -> LocalFuture<'a, Outcome> {
        (self.body)(trial)
    }

    pub(super) const fn ran(&self) -> Ran {
        Ran { test: self.test, rule: self.rule, proves: self.proves }
    }

    pub(super) const fn skipped(&self, reason: String) -> Skipped {
        Skipped { test: self.test, proves: self.proves, reason }
    }

    pub(super) const fn violation(&self, expected: String, seen: String) -> Violation {
        Violation { test: self.test, rule: self.rule, proves: self.proves, expected, seen }
    }
}
