//! What the write door answers when it does not write, sorted by what the asker should do next; and what a read answers when nobody looked.

use std::fmt;
use std::time::Duration;

use trimtab_backend::{Expect, Invalid, Key, Part, Pending, Why};

use crate::{DecodeError, Entry};

/// A commit that did not happen, or may not have happened (behaviour E3).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Somebody else has written first; nothing was written. Read again, decide again: what is there comes along.
    #[error("conflict: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Conflict(Vec<Conflict>),
    /// The lease under which it was written is no longer held; nothing was written. Stop.
    #[error("fenced: the lease this was written under has passed to another; nothing was written")]
    Fenced,
    /// It may or may not have happened, and the store has not said within the door's patience. The entries must not be written again before it
    /// is resolved.
    #[error("the outcome is unknown: the store did not answer; read these entries again once it does")]
    Unknown(Pending),
    /// Certainly not written; try again later.
    #[error("the store is unavailable: {why}")]
    Unavailable {
        /// What is in the way.
        why: Why,
        /// How long the store asks to wait.
        retry_after: Option<Duration>,
    },
    /// A right is missing: a person must act.
    #[error("denied: {what}")]
    Denied {
        /// Which right, on what.
        what: String,
    },
    /// It breaks a rule; the same writes will be refused again. Nothing was sent.
    #[error("invalid: {0}")]
    Invalid(#[from] Invalid),
    /// The store takes no writes until somebody has looked.
    #[error("the store is broken: {what}")]
    Broken {
        /// What broke, and what to do.
        what: String,
    },
}

/// A condition that did not hold, and what is there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conflict {
    /// The entry.
    pub key: Key,
    /// Its half.
    pub part: Part,
    /// What was expected of that half.
    pub expected: Expect,
    /// The entry as it is; none when there is none.
    pub found: Option<Entry>,
}

impl Conflict {
    /// A condition that did not hold, and what is there.
    pub fn new(key: Key, part: Part, expected: Expect, found: Option<Entry>) -> Self {
        Self { key, part, expected, found }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.part == Part::Status;
        write!(f, "{}{} was expected ", self.key, if status { " (status)" } else { "" })?;
        match self.expected {
            Expect::Absent => f.write_str("to be absent")?,
            Expect::At(version) => write!(f, "at {version}")?,
            Expect::Anything => f.write_str("to be anything")?,
        }
        let found = self.found.as_ref();
        match found.and_then(|entry| if status { entry.status_version() } else { Some(entry.version()) }) {
            Some(version) => write!(f, ", but is there at {version}"),
            None => f.write_str(", but is not there"),
        }
    }
}

/// A read that has no answer. That an entry is absent is an answer; that nobody looked is an error (behaviour C23).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is there, but not of the type asked for.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The store does not follow this kind, so it cannot say what is there.
    #[error("kind `{0}` is not followed by this store; open the store with a scope that includes it")]
    NotFollowed(String),
}
