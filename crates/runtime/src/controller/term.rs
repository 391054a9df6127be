//! A stretch of time in which a controller works: all of `run` when it runs everywhere, as long as it holds its lease when it runs in one place.

use std::sync::Arc;

use trimtab_backend::Index;
use trimtab_store::Store;

use super::gate::Gate;
use crate::lease_use::Tenure;
use crate::shard::Share;
use crate::source::Health;
use crate::task::{Group, Signal};

#[derive(Debug)]
pub(crate) struct Term {
    /// Sources are to end.
    pub(crate) intake: Signal,
    /// No new run begins. Not raised by a shutdown, which lets the queue say when there is no more.
    pub(crate) over: Signal,
    /// Runs are to end now.
    pub(crate) cancel: Signal,
    pub(crate) gate: Gate,
    pub(crate) group: Group,
    pub(crate) sources: Vec<Arc<Health>>,
    /// The lease it stands under; none when it runs everywhere.
    pub(crate) tenure: Option<Arc<Tenure>>,
}

impl Term {
    pub(crate) fn new(sources: Vec<Arc<Health>>, tenure: Option<Arc<Tenure>>) -> Self {
        let gates = sources.iter().filter(|source| source.gate).count();
        Self {
            intake: Signal::default(),
            over: Signal::default(),
            cancel: Signal::default(),
            gate: Gate::new(gates),
            group: Group::default(),
            sources,
            tenure,
        }
    }

    /// Whether a run may begin now: the lease is held by the monotonic clock (guarantee L-b).
    pub(crate) fn may_begin(&self, now: impl FnOnce() -> trimtab_seams::Instant) -> bool {
        !self.over.is_raised() && self.tenure.as_ref().is_none_or(|tenure| tenure.holds_at(now()))
    }

    /// What its commits are conditional on: the epoch of its lease, or the version of its group's map.
    pub(crate) fn epoch(&self) -> Option<Index> {
        match self.share() {
            Some(share) => share.standing().version(),
            None => self.tenure.as_ref().map(|tenure| tenure.epoch()),
        }
    }

    /// What of the keys is this replica's, when a group shares them out.
    pub(crate) fn share(&self) -> Option<&Arc<Share>> {
        self.tenure.as_ref()?.share.as_ref()
    }

    /// The lease is lost: everything ends now.
    pub(crate) fn lose(&self) {
        self.intake.raise();
        self.over.raise();
        self.cancel.raise();
    }

    /// Up to which index every source of entries has taken everything, exactly: a commit that does not touch its topic does not hold a source back. Dearer
    /// than [`Term::passed`].
    pub(crate) fn taken(&self, store: &Store) -> Index {
        let taken = self.sources.iter().filter_map(|source| source.taken(store.publisher()));
        taken.min().unwrap_or(Index::new(u64::MAX))
    }

    /// Up to which index every source of entries has been told everything: what lies at or below it will not be told again. Asked after each run, so it looks
    /// at nothing but numbers; sources of a quiet kind hold it back.
    pub(crate) fn passed(&self) -> Index {
        let told = self.sources.iter().filter_map(|source| source.told());
        told.min().unwrap_or(Index::new(u64::MAX))
    }
}
