//! What the runtime does about an error.

use std::error::Error as StdError;
use std::time::Duration;

use trimtab_store::{ReadError, WriteError};

use super::{RequeueAfter, RetryAfter, Terminal};

/// What follows from an error of a reconcile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reaction {
    /// Run again after the limiter's delay; one failure more.
    Retry,
    /// Run again after this long; one failure more.
    RetryAfter(Duration),
    /// Run again after this long; not a failure.
    RequeueAfter(Duration),
    /// Run again at once on a view that includes what was in the way; not a failure (behaviour C21).
    Reread,
    /// Do not run again until something maps to the key, or it is enqueued by hand.
    Terminal,
    /// This process no longer holds the lease, or the store is broken: stop.
    Stop,
}

impl Reaction {
    /// What this one error asks for, its sources aside; none when it is no mark.
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        if let Some(RequeueAfter(delay)) = error.downcast_ref() {
            return Some(Self::RequeueAfter(*delay));
        }
        if let Some(retry) = error.downcast_ref::<RetryAfter>() {
            return Some(Self::RetryAfter(retry.delay()));
        }
        if error.is::<Terminal>() {
            return Some(Self::Terminal);
        }
        if let Some(write) = error.downcast_ref::<WriteError>() {
            return Some(Self::of_write(write));
        }
        // Tells the sources of what it wraps, and not that itself.
        if let Some(wrapped) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            return Self::of(wrapped);
        }
        // The entry, or the program, has to change.
        error.is::<ReadError>().then_some(Self::Terminal)
    }

    pub(crate) fn of_write(error: &WriteError) -> Self {
        match error {
            WriteError::Conflict(..) => Self::Reread,
            WriteError::Invalid(..) => Self::Terminal,
            WriteError::Fenced | WriteError::Broken { .. } => Self::Stop,
            WriteError::Unavailable { retry_after: Some(delay), .. } => Self::RetryAfter(*delay),
            _ => Self::Retry,
        }
    }
}

/// `anyhow::Error` forgets the type of the error it was made of when it is boxed, so its marks are read before.
#[cfg(feature = "anyhow")]
pub(super) fn of_anyhow<E: 'static>(error: E) -> (Option<Reaction>, E) {
    let any: &dyn std::any::Any = &error;
    let found = any.downcast_ref::<anyhow::Error>().and_then(|error| {
        let outer = error.downcast_ref::<RequeueAfter>().map(|mark| Reaction::RequeueAfter(mark.0));
        outer.or_else(|| error.chain().find_map(Reaction::of))
    });
    (found, error)
}
