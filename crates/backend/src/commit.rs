//! What a backend answers, sorted by what the asker should do next.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{Expect, Invalid, Key, Part, Position, Record};

/// A transaction that went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// It is in the history at this position.
    Committed(Position),
    /// It had no operations and its checks held at this position: no index was used, nobody is told (contract T4).
    Unchanged(Position),
}

impl Commit {
    /// The position it names.
    pub const fn position(&self) -> Position {
        match self {
            Self::Committed(position) | Self::Unchanged(position) => *position,
        }
    }

    /// Whether something was written.
    pub const fn is_committed(&self) -> bool {
        matches!(self, Self::Committed(_))
    }
}

/// A transaction that did not go well. Sorted by reaction.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// A condition did not hold; nothing was written. Read again, decide again.
    #[error("conflict: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Conflict(Vec<Failed>),
    /// It may or may not have happened. [`Backend::resolve`](crate::Backend::resolve) it before anything else on these keys.
    #[error(
        "the outcome is unknown: the store did not answer; it must be resolved before these entries are written again"
    )]
    Unknown(Pending),
    /// Certainly not applied; try again later.
    #[error("the store is unavailable: {why}")]
    Unavailable {
        /// What is in the way.
        why: Why,
        /// How long the store asks to wait.
        retry_after: Option<Duration>,
    },
    /// A right is missing: a person must act. Never to be read as "deleted" or "conflict".
    #[error("denied: {what}")]
    Denied {
        /// Which right, on what.
        what: String,
    },
    /// The transaction breaks a rule; the same one will be refused again.
    #[error("invalid: {0}")]
    Invalid(#[from] Invalid),
    /// The store is not to be trusted with writes until somebody has looked (a failed sync, a corrupt file).
    #[error("the store is broken: {what}")]
    Broken {
        /// What broke, naming the file or server, and what to do.
        what: String,
    },
}

/// Why a store is unavailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It cannot be reached, or is closed.
    Unreachable,
    /// It has no leader or no quorum.
    NoLeader,
    /// It asks for fewer requests.
    Overloaded,
    /// It has no space left.
    Full,
    /// It is busy with something that ends by itself.
    Busy,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "it cannot be reached",
            Self::NoLeader => "it has no leader",
            Self::Overloaded => "it is overloaded",
            Self::Full => "it has no space left",
            Self::Busy => "it is busy",
        })
    }
}

/// A condition that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The entry.
    pub key: Key,
    /// Its half.
    pub part: Part,
    /// What was expected.
    pub expected: Expect,
    /// What is there.
    pub found: Found,
}

/// What stood where a condition failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This record.
    Record(Record),
    /// Nothing.
    Absent,
    /// The backend did not say; whoever needs it reads (contract T5).
    Untold,
}

impl From<Option<&Record>> for Found {
    fn from(found: Option<&Record>) -> Self {
        found.map_or(Self::Absent, |record| Self::Record(record.clone()))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = if self.part == Part::Spec { "" } else { " (status)" };
        write!(f, "{}{part} ", self.key)?;
        match self.expected {
            Expect::Absent => f.write_str("was expected to be absent")?,
            Expect::At(version) => write!(f, "was expected at {version}")?,
            Expect::Anything => f.write_str("was written without a condition")?,
        }
        match &self.found {
            Found::Record(record) => write!(f, ", but is there at {}", record.version),
            Found::Absent => f.write_str(", but is not there"),
            Found::Untold => f.write_str(", but was changed"),
        }
    }
}

/// What a backend needs to find out what became of a transaction. Opaque, cheap to clone, not kept over restarts.
#[derive(Clone)]
pub struct Pending(Arc<dyn Any + Send + Sync>);

impl Pending {
    /// Wraps a backend's own ticket.
    pub fn new(ticket: impl Any + Send + Sync) -> Self {
        Self(Arc::new(ticket))
    }

    /// The ticket, for the backend that made it.
    pub fn ticket<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}

/// What became of a transaction whose outcome was unknown. Final: after [`Verdict::Never`] it can no longer land (contract U2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the history at this position.
    Committed(Position),
    /// It did not happen and will not.
    Never,
}
