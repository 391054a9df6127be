//! What is told of a run when it has ended.

use std::time::Duration;

use trimtab_backend::Index;

use crate::{Error, Reason, Request};

/// A run that ended, given to the hooks of [`Controller::on_reconciled`](crate::Controller::on_reconciled).
#[derive(Debug)]
#[non_exhaustive]
pub struct Reconciled<'a> {
    /// The key.
    pub request: &'a Request,
    /// How it ended.
    pub ended: Ended,
    /// The error, when there was one.
    pub error: Option<&'a Error>,
    /// The attempt, from 1; counts on as long as the key fails.
    pub attempt: u32,
    /// Why it ran.
    pub reasons: &'a [Reason],
    /// The index of the snapshot it read from.
    pub index: Index,
    /// How long it took.
    pub took: Duration,
    /// What it noted by [`Context::note`](crate::Context::note).
    pub notes: &'a [String],
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ended {
    /// Success, nothing more to do.
    Done,
    /// Success, and run again later.
    Requeued,
    /// Failed, to be retried.
    Failed,
    /// Failed for good, until something maps to the key.
    Terminal,
    /// Lost against another writer; run again on what is there now.
    Conflict,
    /// Ended by the deadline, to be retried.
    TimedOut,
    /// Panicked, to be retried.
    Panicked,
    /// Cancelled by a lost lease or the drain deadline.
    Cancelled,
    /// Refused by the store because this process no longer holds the lease.
    Fenced,
}

impl Ended {
    pub(crate) const COUNT: usize = Self::Fenced as usize + 1;

    /// The word that metrics and logs use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Requeued => "requeued",
            Self::Failed => "failed",
            Self::Terminal => "terminal",
            Self::Conflict => "conflict",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
            Self::Fenced => "fenced",
        }
    }
}
