//! Add, take, done, advance: what happens to a key.
//!
//! A key makes two kinds of promise to run later. Its *own* comes from its last outcome (requeue, backoff) and the next outcome
//! overwrites it. The one from *outside* is the earliest time anybody asked for; it stands until a run starts at or after it, so an
//! early run for another reason does not lose it (behaviour Q7). The heap holds the earlier of the two.

use std::time::Duration;

use trimtab_seams::Instant;

use super::index::SlotIndex;
use super::line::Line;
use super::promises::Promises;
use super::record::{Failed, NEVER, NONE, Record, Stage, When};
use super::slab::Slab;
use crate::{Counters, KeyState, Merge, Party, Priority};

/// An add, with its delay made into a time.
#[derive(Debug)]
pub(crate) struct Adding<T, D> {
    pub(crate) hash: u32,
    pub(crate) item: T,
    pub(crate) data: D,
    pub(crate) when: When,
    pub(crate) level: Priority,
    /// Counts a failure; the time is then a backoff of the key's own.
    pub(crate) failed: Option<Failed>,
}

/// How a run ended that was not simply done, with delays made into times, and with what is to be carried again.
#[derive(Debug)]
pub(crate) enum Verdict<D> {
    After(When),
    Again(When, D),
    Retry(When, D, Failed),
    Failed(Failed),
}

/// What a worker is given.
#[derive(Debug)]
pub(crate) struct Taken<T, D> {
    pub(crate) item: T,
    pub(crate) data: D,
    pub(crate) failures: u32,
    pub(crate) waited: Option<Duration>,
}

/// What is left to do when a run has ended, outside the lock.
#[derive(Debug)]
#[must_use = "the item is to be dropped outside the lock"]
pub(crate) struct Finished<T> {
    /// The freed record's own item.
    pub(crate) freed: Option<T>,
    /// The key had failures, and they are forgotten.
    pub(crate) forgot: bool,
}

impl<T> Default for Finished<T> {
    fn default() -> Self {
        Self { freed: None, forgot: false }
    }
}

#[derive(Debug)]
pub(crate) struct Core<T, D> {
    index: SlotIndex,
    pub(super) slab: Slab<T, D>,
    pub(super) line: Line<T>,
    pub(super) promises: Promises,
    pub(super) counters: Counters,
    /// Running keys that were added again while somebody waited to hear of it.
    pub(super) superseded: Vec<u32>,
}

impl<T: Clone + Eq, D: Merge> Core<T, D> {
    /// Keys of one level are handed out in the order they came; or in turn by party.
    pub(crate) fn new(party: Option<Party<T>>) -> Self {
        Self {
            index: SlotIndex::new(),
            slab: Slab::new(),
            line: Line::new(party),
            promises: Promises::new(),
            counters: Counters::default(),
            superseded: Vec::new(),
        }
    }

    /// Keys in line.
    pub(crate) const fn ready(&self) -> usize {
        self.counters.ready
    }

    pub(crate) const fn running(&self) -> usize {
        self.counters.running
    }

    pub(crate) fn has_promises(&self) -> bool {
        !self.promises.is_empty()
    }

    /// The earliest promise; `NEVER` when there is none.
    pub(crate) fn next_due(&self) -> Instant {
        self.promises.first().map_or(NEVER, |(due, _)| due)
    }

    pub(super) fn find(&self, hash: u32, item: &T) -> Option<u32> {
        self.index.find(hash, |slot| self.slab[slot].item.as_ref() == Some(item))
    }

    /// Puts an item in line: what most adds are. Gives the item back when the key is there already, to be dropped outside the lock.
    pub(crate) fn add_now(
        &mut self,
        hash: u32,
        item: T,
        data: D,
        level: Priority,
        now: Option<Instant>,
    ) -> Option<T> {
        self.counters.adds += 1;
        let Some(slot) = self.find(hash, &item) else {
            let mut record = Record::new(hash, item, data, level);
            record.stage = Stage::Ready;
            self.insert(record, now);
            return None;
        };
        let record = &mut self.slab[slot];
        if record.stage == Stage::Ready && level <= record.level {
            record.data.merge(data);
            self.counters.merged += 1;
            return Some(item);
        }
        self.merge(slot, data, level);
        let news = self.run_soon(slot, now);
        self.counters.merged += u64::from(!news);
        Some(item)
    }

    /// Puts an item in line or promises it. Gives the item back when the key is there already.
    pub(crate) fn add(&mut self, add: Adding<T, D>, now: Option<Instant>) -> Option<T> {
        let Adding { hash, item, data, when, level, failed } = add;
        let own = failed.is_some();
        self.counters.retries += u64::from(own);
        let Some(slot) = self.find(hash, &item) else {
            let mut record = Record::new(hash, item, data, level);
            record.promise(when, own);
            if let Some(failed) = failed {
                record.fail(failed, false);
            }
            self.counters.adds += 1;
            self.insert(record, now);
            return None;
        };
        if let Some(failed) = failed {
            let record = &mut self.slab[slot];
            let before = record.state();
            record.fail(failed, false);
            record.failed_meanwhile = record.stage == Stage::Running;
            let after = record.state();
            self.count(before, -1);
            self.count(after, 1);
        }
        if when == When::Now {
            return self.add_now(hash, item, data, level, now);
        }
        self.counters.adds += 1;
        self.merge(slot, data, level);
        self.slab[slot].promise(when, own);
        self.promised(slot, now);
        Some(item)
    }

    /// A known key takes in what another add carries, and is raised if that is more urgent.
    fn merge(&mut self, slot: u32, data: D, level: Priority) {
        let record = &mut self.slab[slot];
        record.data.merge(data);
        if level > record.level {
            if record.stage == Stage::Ready {
                self.line.raise(&mut self.slab, slot, level);
            } else {
                record.level = level;
            }
        }
    }

    /// Takes in a new record.
    pub(super) fn insert(&mut self, mut record: Record<T, D>, now: Option<Instant>) {
        record.since = now.unwrap_or(NEVER);
        let (hash, ready, promised) = (record.hash, record.stage == Stage::Ready, record.promised() != NEVER);
        self.count(record.state(), 1);
        let slot = self.slab.insert(record);
        self.index.insert(hash, slot);
        if ready {
            self.line.push(&mut self.slab, slot);
        }
        if promised {
            self.promises.update(&mut self.slab, slot);
        }
    }

    /// The key is to run as soon as may be. False when that was so already.
    fn run_soon(&mut self, slot: u32, now: Option<Instant>) -> bool {
        let record = &mut self.slab[slot];
        match record.stage {
            Stage::Deferred | Stage::Failed => {
                self.enter(slot, Stage::Ready, now);
                self.line.push(&mut self.slab, slot);
                true
            }
            Stage::Ready => false,
            Stage::Running => {
                let news = !std::mem::replace(&mut record.queued_again, true);
                if news && record.watched {
                    self.superseded.push(slot);
                }
                news
            }
        }
    }

    /// The record promises something new.
    pub(super) fn promised(&mut self, slot: u32, now: Option<Instant>) {
        if self.slab[slot].stage == Stage::Failed {
            self.enter(slot, Stage::Deferred, now);
        }
        self.promises.update(&mut self.slab, slot);
    }

    /// Hands out the next key. `now` may be unknown while there are no promises.
    pub(crate) fn take(&mut self, now: Option<Instant>) -> Option<Taken<T, D>> {
        let slot = self.line.pop(&mut self.slab)?;
        let record = &mut self.slab[slot];
        let waited = now.filter(|_| record.since != NEVER).map(|now| now - record.since);
        record.own = NEVER;
        record.keep_promises(now.unwrap_or(Instant::ORIGIN));
        record.run_level = record.level;
        if record.outside == NEVER {
            record.level = Priority::Low;
        }
        record.stage = Stage::Running;
        record.since = now.unwrap_or(NEVER);
        let taken = Taken {
            item: record.item.clone().expect("a key in line has a record"),
            data: std::mem::take(&mut record.data),
            failures: record.failures(),
            waited,
        };
        if record.heap_at != NONE {
            self.promises.update(&mut self.slab, slot);
        }
        self.counters.handed_out += 1;
        self.count(KeyState::Ready, -1);
        self.count(KeyState::Running, 1);
        Some(taken)
    }

    fn find_running(&self, hash: u32, item: &T) -> Option<u32> {
        self.find(hash, item).filter(|&slot| self.slab[slot].stage == Stage::Running)
    }

    /// Ends a run as a success: what most runs are.
    pub(crate) fn done(&mut self, hash: u32, item: &T, now: Option<Instant>) -> Finished<T> {
        let Some(slot) = self.find_running(hash, item) else { return Finished::default() };
        let record = &mut self.slab[slot];
        let mut forgot = false;
        if !record.failed_meanwhile {
            record.own = NEVER;
            forgot = record.failing.take().is_some();
        }
        self.come_home(slot, forgot, now)
    }

    /// Ends a run.
    pub(crate) fn finish(
        &mut self,
        hash: u32,
        item: &T,
        verdict: Verdict<D>,
        now: Option<Instant>,
    ) -> Finished<T> {
        let Some(slot) = self.find_running(hash, item) else { return Finished::default() };
        let record = &mut self.slab[slot];
        let mut forgot = false;
        match verdict {
            Verdict::After(when) => {
                forgot = record.failing.take().is_some();
                record.run_again(when);
            }
            Verdict::Again(when, data) => {
                record.carry_again(data);
                record.run_again(when);
            }
            Verdict::Retry(when, data, failed) => {
                self.counters.retries += 1;
                record.fail(failed, false);
                record.carry_again(data);
                record.run_again(when);
            }
            Verdict::Failed(failed) => {
                self.counters.terminal_failures += 1;
                record.fail(failed, true);
                record.own = NEVER;
            }
        }
        self.come_home(slot, forgot, now)
    }

    /// Where a key goes when its run has ended.
    fn come_home(&mut self, slot: u32, forgot: bool, now: Option<Instant>) -> Finished<T> {
        self.count(KeyState::Running, -1);
        let record = &mut self.slab[slot];
        (record.watched, record.failed_meanwhile) = (false, false);
        let again = std::mem::take(&mut record.queued_again);
        if again {
            // An add from outside does not wait for a backoff.
            record.own = NEVER;
        }
        let promised = record.promised() != NEVER;
        let is_idle = !again && !promised && record.failing.is_none();
        if promised || record.heap_at != NONE {
            self.promises.update(&mut self.slab, slot);
        }
        if is_idle {
            return Finished { freed: self.free(slot), forgot };
        }
        let record = &mut self.slab[slot];
        record.since = now.unwrap_or(NEVER);
        record.stage = match (again, promised) {
            (true, _) => Stage::Ready,
            (false, true) => Stage::Deferred,
            (false, false) => Stage::Failed,
        };
        let state = record.state();
        self.count(state, 1);
        if again {
            self.line.push(&mut self.slab, slot);
        }
        Finished { freed: None, forgot }
    }

    /// Puts keys in line whose time has come, at most `cap` of them, so that the lock is not held for long.
    pub(crate) fn advance(&mut self, now: Instant, cap: usize) {
        for _ in 0..cap {
            let Some((_, slot)) = self.promises.first().filter(|&(due, _)| due <= now) else { return };
            self.slab[slot].keep_promises(now);
            self.promises.update(&mut self.slab, slot);
            // For a key in line nothing more is to be done: the run it waits for keeps the promise.
            self.run_soon(slot, Some(now));
        }
    }

    /// Moves a record to a stage and counts it there.
    pub(super) fn enter(&mut self, slot: u32, stage: Stage, now: Option<Instant>) {
        let record = &mut self.slab[slot];
        let before = record.state();
        record.stage = stage;
        record.since = now.unwrap_or(NEVER);
        let after = record.state();
        self.count(before, -1);
        self.count(after, 1);
    }

    pub(super) fn count(&mut self, state: KeyState, by: isize) {
        let count = match state {
            KeyState::Ready => &mut self.counters.ready,
            KeyState::Running => &mut self.counters.running,
            KeyState::Deferred => &mut self.counters.deferred,
            KeyState::Failing => &mut self.counters.failing,
        };
        *count = count.wrapping_add_signed(by);
    }

    /// Forgets a key altogether. Its record must be in no line and promise nothing.
    pub(super) fn free(&mut self, slot: u32) -> Option<T> {
        self.index.remove(self.slab[slot].hash, slot);
        self.slab.remove(slot)
    }

    /// Keys for which memory is held.
    pub(crate) fn capacity(&self) -> usize {
        self.slab.capacity()
    }
}
