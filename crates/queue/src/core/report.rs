//! What the records tell about themselves.

use trimtab_seams::Instant;

use super::record::{NEVER, Record, Stage};
use super::rules::Core;
use crate::{Counters, KeyReport, KeyState, Merge};

impl<T: Clone + Eq, D: Merge> Core<T, D> {
    pub(crate) fn counters(&self) -> Counters {
        self.counters
    }

    pub(crate) fn failures(&self, hash: u32, item: &T) -> u32 {
        self.find(hash, item).map_or(0, |slot| self.slab[slot].failures())
    }

    pub(crate) fn report(&self, hash: u32, item: &T) -> Option<KeyReport<T>> {
        self.slab[self.find(hash, item)?].report()
    }

    /// The records live in so many chunks.
    pub(crate) fn chunks(&self) -> usize {
        self.slab.chunks()
    }

    /// The keys of one chunk that are in one of the states.
    pub(crate) fn report_chunk(
        &self,
        chunk: usize,
        wanted: impl Fn(KeyState) -> bool,
        out: &mut Vec<KeyReport<T>>,
    ) {
        let records = self.slab.chunk(chunk).filter(|record| wanted(record.state()));
        out.extend(records.filter_map(Record::report));
    }
}

impl<T: Clone, D: Default> Record<T, D> {
    fn report(&self) -> Option<KeyReport<T>> {
        let known = |at: Instant| Some(at).filter(|&at| at != NEVER);
        Some(KeyReport {
            item: self.item.clone()?,
            state: self.state(),
            priority: if self.stage == Stage::Running { self.run_level } else { self.level },
            since: known(self.since),
            next_run: known(self.promised()),
            queued_again: self.queued_again,
            failing: self.failing.as_deref().cloned(),
        })
    }
}
