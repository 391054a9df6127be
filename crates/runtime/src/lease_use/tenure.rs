//! A lease while it is held.

use std::sync::atomic::{AtomicU64, Ordering};

use trimtab_backend::{Check, Index};
use trimtab_seams::Instant;

use crate::task::{Group, Signal};

/// One stretch of holding a lease, shared by all controllers that run under it.
#[derive(Debug)]
pub(crate) struct Tenure {
    epoch: Index,
    fence: Check,
    /// By the monotonic clock; wall-clock steps change nothing (guarantee L-b).
    until: AtomicU64,
    /// It is over, or is to be given up: everything under it ends now.
    pub(crate) lost: Signal,
    /// Those that work under it; waited for before the lease is given back (guarantee L-c).
    pub(crate) work: Group,
}

impl Tenure {
    pub(super) fn new(epoch: Index, fence: Check, until: Instant) -> Self {
        let until = AtomicU64::new(until.as_nanos());
        Self { epoch, fence, until, lost: Signal::default(), work: Group::default() }
    }

    /// Grows with each acquisition by whomever.
    pub(crate) fn epoch(&self) -> Index {
        self.epoch
    }

    /// The condition that every commit carries (guarantee L-a).
    pub(crate) fn fence(&self) -> Check {
        self.fence.clone()
    }

    /// Whether new work may begin at this time.
    pub(crate) fn holds_at(&self, now: Instant) -> bool {
        !self.lost.is_raised() && now.as_nanos() < self.until.load(Ordering::Acquire)
    }

    /// It was renewed: new work may begin until then.
    pub(super) fn extend(&self, until: Instant) {
        self.until.fetch_max(until.as_nanos(), Ordering::AcqRel);
    }
}
