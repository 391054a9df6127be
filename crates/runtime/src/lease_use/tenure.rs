//! A lease while it is held.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use trimtab_backend::{Check, Index};
use trimtab_seams::Instant;

use crate::shard::Share;
use crate::task::{Group, Signal};

/// No time: it was found to have run out.
const RUN_OUT: u64 = 0;

/// One stretch of holding a lease, shared by all controllers that run under it.
#[derive(Debug)]
pub(crate) struct Tenure {
    epoch: Index,
    fence: Check,
    /// By the monotonic clock; wall-clock steps change nothing (guarantee L-b).
    until: AtomicU64,
    /// It is over, or is to be given up: everything under it ends now.
    pub(crate) lost: Signal,
    /// What of the keys is this replica's, when a group shares them out.
    pub(crate) share: Option<Arc<Share>>,
    /// Those that work under it; waited for before the lease is given back (guarantee L-c).
    pub(crate) work: Group,
}

impl Tenure {
    pub(super) fn new(epoch: Index, fence: Check, until: Instant, share: Option<Arc<Share>>) -> Self {
        let until = AtomicU64::new(until.as_nanos());
        Self { epoch, fence, until, lost: Signal::default(), share, work: Group::default() }
    }

    /// Grows with each acquisition by whomever.
    pub(crate) fn epoch(&self) -> Index {
        self.epoch
    }

    /// The condition that every commit carries (guarantee L-a).
    pub(crate) fn fence(&self) -> Check {
        self.fence.clone()
    }

    /// Whether new work may begin at this time. Once it was found to have run out it stays so: who found that has stopped.
    pub(crate) fn holds_at(&self, now: Instant) -> bool {
        let mut until = self.until.load(Ordering::Acquire);
        while now.as_nanos() >= until {
            if until == RUN_OUT {
                return false;
            }
            match self.until.compare_exchange(until, RUN_OUT, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return false,
                Err(extended) => until = extended,
            }
        }
        !self.lost.is_raised()
    }

    /// It was renewed: new work may begin until then. False when somebody has found before that it had run out.
    pub(super) fn extend(&self, until: Instant) -> bool {
        let later = |now: u64| (now != RUN_OUT).then(|| now.max(until.as_nanos()));
        self.until.fetch_update(Ordering::AcqRel, Ordering::Acquire, later).is_ok()
    }
}
