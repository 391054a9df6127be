//! Errors on their way into the runtime.

use std::fmt;
use std::time::Duration;

use trimtab_runtime::{
    Action, Error, OptionExt as _, Reaction, RequeueAfter, Result, ResultExt as _, RetryAfter, Terminal,
};
use trimtab_store::{ReadError, WriteError};

use crate::world::SECOND;

/// An error with a source.
#[derive(Debug)]
struct Wrapped(&'static str, Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.1)
    }
}

fn wrapped(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Wrapped("find the machine", Box::new(Wrapped("ask the cloud", Box::new(error)))).into()
}

#[test]
fn marks_are_found_anywhere_in_the_chain_and_the_outermost_decides() {
    assert_eq!(wrapped(RequeueAfter(SECOND)).reaction(), Reaction::RequeueAfter(SECOND));
    assert_eq!(wrapped(RetryAfter::new(SECOND, "busy")).reaction(), Reaction::RetryAfter(SECOND));
    assert_eq!(wrapped(Terminal::new("no such image")).reaction(), Reaction::Terminal);
    assert_eq!(wrapped(std::fmt::Error).reaction(), Reaction::Retry);
    assert_eq!(wrapped(WriteError::Fenced).reaction(), Reaction::Stop);
    assert_eq!(wrapped(WriteError::Conflict(Vec::new())).reaction(), Reaction::Reread);
    assert_eq!(wrapped(ReadError::NotFollowed("site".into())).reaction(), Reaction::Terminal);
    assert_eq!(Error::terminal(wrapped(RequeueAfter(SECOND))).reaction(), Reaction::Terminal);
    assert_eq!(
        Error::from(std::io::Error::other(Wrapped("x", RequeueAfter::now().into()))).reaction(),
        Reaction::RequeueAfter(Duration::ZERO)
    );
}

#[test]
fn everything_becomes_an_error_and_shows_its_chain_on_one_line() {
    let from_text: Error = "a text".into();
    let from_string: Error = format!("a {}", "string").into();
    assert_eq!((from_text.to_string(), from_string.to_string()), ("a text".into(), "a string".into()));
    let error = wrapped(Terminal::new("no such image"));
    assert_eq!(error.to_string(), "find the machine");
    assert_eq!(format!("{error:#}"), "find the machine: ask the cloud: no such image");
    assert_eq!(format!("{error:?}"), format!("{error:#}"));
    assert_eq!(error.chain().count(), 4);
    assert!(error.find::<Terminal>().is_some() && error.find::<RetryAfter>().is_none());
}

#[test]
fn the_end_of_a_line_says_what_follows() {
    fn parse(text: &str) -> Result<u16> {
        text.parse::<u16>().terminal()
    }
    assert_eq!(parse("x").unwrap_err().reaction(), Reaction::Terminal);
    assert_eq!("x".parse::<u16>().retry_after(SECOND).unwrap_err().reaction(), Reaction::RetryAfter(SECOND));
    let later = "x".parse::<u16>().or_requeue_after(SECOND).unwrap_err();
    assert_eq!(
        (later.reaction(), later.to_string()),
        (Reaction::RequeueAfter(SECOND), "invalid digit found in string".into())
    );
    assert_eq!(None::<u8>.or_requeue_after(SECOND).unwrap_err().reaction(), Reaction::RequeueAfter(SECOND));
    assert_eq!(Some(1).or_requeue_after(SECOND).ok(), Some(1));
}

#[test]
fn actions_and_marks_show_as_words() {
    assert_eq!(RequeueAfter(SECOND).to_string(), "requeue after 1s");
    assert_eq!(RequeueAfter::now().to_string(), "requeue now");
    assert_eq!(RetryAfter::new(SECOND, "busy").to_string(), "busy");
    assert_eq!(format!("{:?} {:?}", Action::done(), Action::requeue_now()), "done requeue now");
}

#[cfg(feature = "anyhow")]
#[test]
fn the_marks_of_an_anyhow_error_are_read_before_it_is_boxed() {
    use anyhow::Context as _;
    let bare: Error = anyhow::Error::new(RequeueAfter(SECOND)).into();
    assert_eq!(bare.reaction(), Reaction::RequeueAfter(SECOND));
    let deep: Error = Err::<(), _>(Terminal::new("no")).context("above").unwrap_err().into();
    assert_eq!(deep.reaction(), Reaction::Terminal);
    assert_eq!(Error::from(anyhow::anyhow!("plain")).reaction(), Reaction::Retry);
}
