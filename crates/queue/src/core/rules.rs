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
use super::record::{NEVER, NONE, Record, Stage, When};
use super::slab::Slab;
use crate::report::Failing;
use crate::{Counters, KeyState, Merge, Priority};

/// A failure, made outside the lock.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: Box<str>,
    pub(crate) now: Instant,
}

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

/// How a run ended, with delays made into times, and with what is to be carried again.
#[derive(Debug)]
pub(crate) enum Verdict<D> {
    Done,
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
    line: Line,
    promises: Promises,
    pub(super) counters: Counters,
    /// Running keys that were added again while somebody waited to hear of it.
    pub(super) superseded: Vec<u32>,
}

impl<T: Clone + Eq, D: Merge> Core<T, D> {
    pub(crate) fn new() -> Self {
        Self {
            index: SlotIndex::new(),
            slab: Slab::new(),
            line: Line::new(),
            promises: Promises::new(),
            counters: Counters::default(),
            superseded: Vec::new(),
        }
    }

    /// Keys in line.
    pub(crate) const fn ready(&self) -> usize {
        self.line.len()
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

    /// Puts an item in line or promises it. Gives the item back when the key is there already, to be dropped outside the lock.
    pub(crate) fn add(&mut self, add: Adding<T, D>, now: Option<Instant>) -> Option<T> {
        let Adding { hash, item, data, when, level, failed } = add;
        self.counters.adds += 1;
        let (slot, back) = match self.find(hash, &item) {
            Some(slot) => {
                let record = &mut self.slab[slot];
                record.data.merge(data);
                if level > record.level {
                    if record.stage == Stage::Ready {
                        self.line.raise(&mut self.slab, slot, level);
                    } else {
                        record.level = level;
                    }
                }
                (slot, Some(item))
            }
            None => (self.insert(hash, item, data, level, now), None),
        };
        let own = failed.is_some();
        if let Some(failed) = failed {
            self.add_failure(slot, failed);
        }
        match when {
            When::Now => {
                let news = self.run_soon(slot, now);
                self.counters.merged += u64::from(!news);
            }
            When::At(_) => {
                let record = &mut self.slab[slot];
                let promise = if own { &mut record.own } else { &mut record.outside };
                *promise = when.promise().min(*promise);
                self.promise(slot, now);
            }
        }
        back
    }

    /// A new record, deferred for the moment.
    fn insert(&mut self, hash: u32, item: T, data: D, level: Priority, now: Option<Instant>) -> u32 {
        let mut record = Record::new(hash, item, data, level);
        record.since = now.unwrap_or(NEVER);
        let slot = self.slab.insert(record);
        self.index.insert(hash, slot);
        self.count(KeyState::Deferred, 1);
        slot
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
    fn promise(&mut self, slot: u32, now: Option<Instant>) {
        if self.slab[slot].stage == Stage::Failed {
            self.enter(slot, Stage::Deferred, now);
        }
        self.promises.update(&mut self.slab, slot);
    }

    /// Hands out the next key. `now` may be unknown while there are no promises.
    pub(crate) fn take(&mut self, now: Option<Instant>) -> Option<Taken<T, D>> {
        let slot = self.line.pop(&mut self.slab)?;
        self.counters.handed_out += 1;
        let record = &mut self.slab[slot];
        let waited = now.filter(|_| record.since != NEVER).map(|now| now - record.since);
        record.own = NEVER;
        record.keep_promises(now.unwrap_or(Instant::ORIGIN));
        record.run_level = record.level;
        if record.outside == NEVER {
            record.level = Priority::Low;
        }
        let taken = Taken {
            item: record.item.clone().expect("a key in line has a record"),
            data: std::mem::take(&mut record.data),
            failures: record.failures(),
            waited,
        };
        if record.heap_at != NONE {
            self.promises.update(&mut self.slab, slot);
        }
        self.enter(slot, Stage::Running, now);
        Some(taken)
    }

    /// Ends a run.
    pub(crate) fn finish(
        &mut self,
        hash: u32,
        item: &T,
        verdict: Verdict<D>,
        now: Option<Instant>,
    ) -> Finished<T> {
        let Some(slot) = self.find(hash, item).filter(|&slot| self.slab[slot].stage == Stage::Running) else {
            return Finished::default();
        };
        let record = &mut self.slab[slot];
        let failed_meanwhile = std::mem::take(&mut record.failed_meanwhile);
        record.watched = false;
        let mut forgot = false;
        match verdict {
            Verdict::Done if failed_meanwhile => {}
            Verdict::Done => {
                record.own = NEVER;
                forgot = record.failing.take().is_some();
            }
            Verdict::After(when) => {
                forgot = record.failing.take().is_some();
                record.run_again(when);
            }
            Verdict::Again(when, data) => {
                record.carry_again(data);
                record.run_again(when);
            }
            Verdict::Retry(when, data, failed) => {
                record.carry_again(data);
                record.run_again(when);
                self.count_failure(slot, failed, false);
            }
            Verdict::Failed(failed) => {
                record.own = NEVER;
                self.count_failure(slot, failed, true);
            }
        }
        let record = &mut self.slab[slot];
        let again = std::mem::take(&mut record.queued_again);
        if again {
            // An add from outside does not wait for a backoff.
            record.own = NEVER;
        }
        let promised = record.promised() != NEVER;
        let failing = record.failing.is_some();
        if promised || record.heap_at != NONE {
            self.promises.update(&mut self.slab, slot);
        }
        if again {
            self.enter(slot, Stage::Ready, now);
            self.line.push(&mut self.slab, slot);
        } else if promised {
            self.enter(slot, Stage::Deferred, now);
        } else if failing {
            self.enter(slot, Stage::Failed, now);
        } else {
            self.count(KeyState::Running, -1);
            return Finished { freed: self.free(slot), forgot };
        }
        Finished { freed: None, forgot }
    }

    /// Counts a failure that an add told of.
    fn add_failure(&mut self, slot: u32, failed: Failed) {
        let before = self.slab[slot].state();
        self.count_failure(slot, failed, false);
        let record = &mut self.slab[slot];
        record.failed_meanwhile = record.stage == Stage::Running;
        let after = record.state();
        self.count(before, -1);
        self.count(after, 1);
    }

    fn count_failure(&mut self, slot: u32, failed: Failed, terminal: bool) {
        if terminal {
            self.counters.terminal_failures += 1;
        } else {
            self.counters.retries += 1;
        }
        let Failed { error, now } = failed;
        match &mut self.slab[slot].failing {
            Some(failing) => {
                failing.failures = failing.failures.saturating_add(1);
                (failing.error, failing.terminal) = (error, terminal);
            }
            none => *none = Some(Box::new(Failing { failures: 1, since: now, error, terminal })),
        }
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

    /// Moves a key's promise, wherever it stood. Gives the item back when the key is there already.
    pub(crate) fn reschedule(&mut self, hash: u32, item: T, at: Instant, now: Option<Instant>) -> Option<T> {
        let (slot, back) = match self.find(hash, &item) {
            Some(slot) => (slot, Some(item)),
            None => (self.insert(hash, item, D::default(), Priority::default(), now), None),
        };
        let record = &mut self.slab[slot];
        (record.own, record.outside) = (NEVER, When::At(at).promise());
        self.promise(slot, now);
        back
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

    /// Moves a record to a stage and counts it there.
    fn enter(&mut self, slot: u32, stage: Stage, now: Option<Instant>) {
        let record = &mut self.slab[slot];
        let before = record.state();
        record.stage = stage;
        record.since = now.unwrap_or(NEVER);
        let after = record.state();
        self.count(before, -1);
        self.count(after, 1);
    }

    fn count(&mut self, state: KeyState, by: isize) {
        let count = match state {
            KeyState::Ready => &mut self.counters.ready,
            KeyState::Running => &mut self.counters.running,
            KeyState::Deferred => &mut self.counters.deferred,
            KeyState::Failing => &mut self.counters.failing,
        };
        *count = count.wrapping_add_signed(by);
    }

    fn free(&mut self, slot: u32) -> Option<T> {
        let record = self.slab.remove(slot);
        self.index.remove(record.hash, slot);
        record.item
    }

    /// Keys for which memory is held.
    pub(crate) fn capacity(&self) -> usize {
        self.slab.capacity()
    }
}
