//! What a run must be remembered by, whatever its author returns.

use std::sync::Arc;

use trimtab_backend::{Index, Pending};
use trimtab_seams::BoxFuture;
use trimtab_store::{Overlay, WriteError};

use crate::controller::Taken;
use crate::shard::Pass;

/// Why nothing more may be written in this run.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// The lease has passed to another.
    Fenced,
    /// A commit may or may not have happened.
    Unknown(Pending),
    /// The store takes no writes.
    Broken(String),
}

impl Refusal {
    pub(super) fn of(error: &WriteError) -> Option<Self> {
        match error {
            WriteError::Fenced => Some(Self::Fenced),
            WriteError::Unknown(pending) => Some(Self::Unknown(pending.clone())),
            WriteError::Broken { what } => Some(Self::Broken(what.clone())),
            _ => None,
        }
    }

    pub(super) fn error(&self) -> WriteError {
        match self {
            Self::Fenced => WriteError::Fenced,
            Self::Unknown(pending) => WriteError::Unknown(pending.clone()),
            Self::Broken(what) => WriteError::Broken { what: what.clone() },
        }
    }
}

/// What happened at the door, and what else must not be forgotten.
#[derive(Default)]
pub(super) struct Memory {
    /// What the run's commits have made of entries.
    pub(super) own: Option<Arc<Overlay>>,
    /// Its own commits, in order.
    pub(super) commits: Vec<Index>,
    /// The newest version that stood in the way.
    pub(super) conflict: Option<Index>,
    pub(super) refusal: Option<Refusal>,
    pub(super) notes: Vec<String>,
    /// What the run is not over before.
    pub(super) endings: Vec<BoxFuture<'static, ()>>,
}

/// What is left of a context when its run has ended.
pub(crate) struct Finished {
    pub(crate) claim: Taken,
    pub(crate) pass: Option<Pass>,
    pub(crate) index: Index,
    /// Of the index: see `Core::era`.
    pub(crate) era: u8,
    pub(crate) commits: Vec<Index>,
    pub(crate) conflict: Option<Index>,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) notes: Vec<String>,
}
