//! Moved, taken back, forgotten, discarded: what happens to promises besides being kept.

use trimtab_seams::Instant;

use super::record::{NEVER, Record, Stage, When};
use super::rules::{Core, Finished};
use crate::{KeyState, Merge, Priority};

impl<T: Clone + Eq, D: Merge> Core<T, D> {
    /// Moves a key's promise, wherever it stood. Gives the item back when the key is there already.
    pub(crate) fn reschedule(&mut self, hash: u32, item: T, at: Instant, now: Option<Instant>) -> Option<T> {
        let promise = When::At(at).promise();
        let Some(slot) = self.find(hash, &item) else {
            let mut record = Record::new(hash, item, D::default(), Priority::default());
            record.outside = promise;
            self.insert(record, now);
            return None;
        };
        let record = &mut self.slab[slot];
        (record.own, record.outside) = (NEVER, promise);
        self.promised(slot, now);
        Some(item)
    }

    /// Takes a key's promises back. Says whether there were any, and gives the item of a key that is no more.
    pub(crate) fn cancel(&mut self, hash: u32, item: &T, now: Option<Instant>) -> (bool, Option<T>) {
        let Some(slot) = self.find(hash, item) else { return (false, None) };
        let record = &mut self.slab[slot];
        let had = record.promised() != NEVER;
        (record.own, record.outside) = (NEVER, NEVER);
        self.promises.update(&mut self.slab, slot);
        let record = &self.slab[slot];
        match (record.stage, record.failing.is_some()) {
            (Stage::Deferred, true) => self.enter(slot, Stage::Failed, now),
            (Stage::Deferred, false) => {
                self.count(KeyState::Deferred, -1);
                return (had, self.free(slot));
            }
            _ => {}
        }
        (had, None)
    }

    /// Forgets a key's failures.
    pub(crate) fn forget(&mut self, hash: u32, item: &T) -> Finished<T> {
        let Some(slot) = self.find(hash, item) else { return Finished::default() };
        let before = self.slab[slot].state();
        let forgot = self.slab[slot].failing.take().is_some();
        self.count(before, -1);
        if self.slab[slot].stage == Stage::Failed {
            return Finished { freed: self.free(slot), forgot };
        }
        self.count(self.slab[slot].state(), 1);
        Finished { freed: None, forgot }
    }

    /// Drops a key that is in line or promised, for the end of the queue; of a running key only its promise. False when none is left.
    pub(super) fn discard_one(&mut self, trash: &mut Vec<(T, D)>) -> bool {
        let slot = match (self.line.front(), self.promises.first()) {
            (Some(slot), _) => {
                self.line.unlink(&mut self.slab, slot);
                slot
            }
            (None, Some((_, slot))) => slot,
            (None, None) => return false,
        };
        let record = &mut self.slab[slot];
        (record.own, record.outside) = (NEVER, NEVER);
        self.promises.update(&mut self.slab, slot);
        let record = &mut self.slab[slot];
        if record.stage != Stage::Running {
            let (state, data) = (record.state(), std::mem::take(&mut record.data));
            self.count(state, -1);
            trash.extend(self.free(slot).map(|item| (item, data)));
        }
        true
    }
}
