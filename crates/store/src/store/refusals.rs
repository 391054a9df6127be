//! Whether the backend takes writes.
//!
//! A store that is followed well may still refuse every write: its disk is full, its quorum lost. Whoever asks how it stands has to be told, so the door notes what became of each write.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_backend::Why;
use trimtab_seams::Instant;

use crate::WriteError;

/// A refusal says something of the present for so long; after that nobody knows, and it is not held against the store.
const FRESH: Duration = Duration::from_secs(60);

/// Writes are refused, see [`Health::refusing`](crate::Health::refusing).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusing {
    /// What the last one met.
    pub error: String,
    /// When the first of them was, on the store's clock.
    pub since: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Looked at for each write; the rest only while something is wrong.
    any: AtomicBool,
    now: Mutex<Option<Standing>>,
}

#[derive(Debug)]
struct Standing {
    refusing: Refusing,
    last: Instant,
    /// It will not mend by itself.
    is_final: bool,
}

impl Refusals {
    /// The store has judged a write, for or against it.
    pub(super) fn taken(&self) {
        if self.any.load(Ordering::Relaxed) && self.now.lock().take().is_some() {
            self.any.store(false, Ordering::Relaxed);
            tracing::info!("the store takes writes again");
        }
    }

    /// A write was refused.
    pub(super) fn refused(&self, error: &WriteError, trouble: Option<String>, at: Instant) {
        let is_final = match error {
            // What is busy is so for a moment.
            WriteError::Unavailable { why: Why::Busy, .. } => return,
            WriteError::Unavailable { .. } => false,
            WriteError::Broken { .. } => true,
            _ => return,
        };
        let mut now = self.now.lock();
        let since = now.as_ref().map_or(at, |standing| standing.refusing.since);
        let error = match trouble {
            Some(trouble) => format!("{error}: {trouble}"),
            None => error.to_string(),
        };
        if now.is_none() {
            tracing::error!(error, "the store refuses writes");
        }
        *now = Some(Standing { refusing: Refusing { error, since }, last: at, is_final });
        self.any.store(true, Ordering::Relaxed);
    }

    /// How it stands.
    pub(super) fn standing(&self, at: Instant) -> Option<Refusing> {
        let now = self.now.lock();
        let fresh = now.as_ref().filter(|standing| standing.is_final || at - standing.last < FRESH)?;
        Some(fresh.refusing.clone())
    }
}
