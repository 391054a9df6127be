//! The one record of a key.
//!
//! Ready, deferred, running, failures and priority in one place cost one hash lookup a step, and the rules can be read in one file. With
//! an item of one word and no payload a record is one cache line.

use std::time::Duration;

use trimtab_seams::Instant;

use crate::report::Failing;
use crate::{KeyState, Merge, Priority};

/// No slot, no place in the heap.
pub(crate) const NONE: u32 = u32::MAX;
/// No promise. The latest promise that can be made is one nanosecond earlier.
pub(crate) const NEVER: Instant = Instant::FAR_FUTURE;

/// When to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum When {
    Now,
    At(Instant),
}

impl When {
    /// The promise to keep: `NEVER` for now.
    pub(crate) fn promise(self) -> Instant {
        match self {
            Self::Now => NEVER,
            // The last instant of the clock means "no promise", so a promise for then is kept one nanosecond earlier.
            Self::At(at) => at.min(NEVER - Duration::from_nanos(1)),
        }
    }
}

/// A failure, made outside the lock.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) error: Box<str>,
    pub(crate) now: Instant,
}

/// Where a key stands, as the rules see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// In the line of its priority.
    Ready,
    /// Its claim is out.
    Running,
    /// Waits for the earlier of its promises.
    Deferred,
    /// Has failed and has no promise: listed until it is added or forgotten.
    Failed,
}

#[derive(Debug)]
pub(crate) struct Record<T, D> {
    /// `None`: the slot is free.
    pub(crate) item: Option<T>,
    /// For the next run; what the running one carries is in its claim.
    pub(crate) data: D,
    pub(crate) failing: Option<Box<Failing>>,
    /// The run that the key's own outcome asked for. The next outcome overwrites it, so it is dropped when a run starts.
    pub(crate) own: Instant,
    /// The earliest run asked for from outside. Stands until a run starts at or after it.
    pub(crate) outside: Instant,
    /// When it came to its stage; `NEVER` when nobody looked at the clock.
    pub(crate) since: Instant,
    pub(crate) hash: u32,
    /// The neighbours in line, while ready. In a free slot `next` is the next free one of its chunk.
    pub(crate) next: u32,
    pub(crate) prev: u32,
    /// The place of its earlier promise in the heap.
    pub(crate) heap_at: u32,
    pub(crate) stage: Stage,
    /// The level of the next run: the highest of the adds for it.
    pub(crate) level: Priority,
    /// The level of the current run, kept by its own requeue.
    pub(crate) run_level: Priority,
    /// Running, and to be run once more.
    pub(crate) queued_again: bool,
    /// Running, and somebody waits for `queued_again`.
    pub(crate) watched: bool,
    /// Running, and a failure was counted by an add meanwhile: a `done` does not forget it.
    pub(crate) failed_meanwhile: bool,
}

impl<T, D: Default> Record<T, D> {
    pub(crate) fn new(hash: u32, item: T, data: D, level: Priority) -> Self {
        Self { item: Some(item), data, hash, level, ..Self::free(NONE) }
    }

    pub(crate) fn free(next: u32) -> Self {
        Self {
            item: None,
            data: D::default(),
            failing: None,
            own: NEVER,
            outside: NEVER,
            since: NEVER,
            hash: 0,
            next,
            prev: NONE,
            heap_at: NONE,
            stage: Stage::Deferred,
            level: Priority::Low,
            run_level: Priority::Low,
            queued_again: false,
            watched: false,
            failed_meanwhile: false,
        }
    }

    /// The earlier of the two promises.
    pub(crate) fn promised(&self) -> Instant {
        self.own.min(self.outside)
    }

    /// Takes back the promises that a run starting now keeps.
    pub(crate) fn keep_promises(&mut self, now: Instant) {
        for promise in [&mut self.own, &mut self.outside] {
            if *promise <= now {
                *promise = NEVER;
            }
        }
    }

    /// An add asks for a run: the key's own kind of promise, or the one from outside, of which the earlier stays.
    pub(crate) fn promise(&mut self, when: When, own: bool) {
        match when {
            When::Now if self.stage == Stage::Deferred => self.stage = Stage::Ready,
            When::Now => {}
            When::At(_) if own => self.own = self.own.min(when.promise()),
            When::At(_) => self.outside = self.outside.min(when.promise()),
        }
    }

    /// The outcome of the run asks for another one.
    pub(crate) fn run_again(&mut self, when: When) {
        self.level = self.level.max(self.run_level);
        self.own = when.promise();
        self.queued_again |= when == When::Now;
    }

    /// Counts a failure.
    pub(crate) fn fail(&mut self, failed: Failed, terminal: bool) {
        let Failed { error, now } = failed;
        match &mut self.failing {
            Some(failing) => {
                failing.failures = failing.failures.saturating_add(1);
                (failing.error, failing.terminal) = (error, terminal);
            }
            none => *none = Some(Box::new(Failing { failures: 1, since: now, error, terminal })),
        }
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failing.as_ref().map_or(0, |failing| failing.failures)
    }

    /// Where it stands, as people see it.
    pub(crate) fn state(&self) -> KeyState {
        match self.stage {
            Stage::Ready => KeyState::Ready,
            Stage::Running => KeyState::Running,
            Stage::Deferred if self.failing.is_none() => KeyState::Deferred,
            Stage::Deferred | Stage::Failed => KeyState::Failing,
        }
    }
}

impl<T, D: Merge> Record<T, D> {
    /// What the ended run carried comes before what was added meanwhile.
    pub(crate) fn carry_again(&mut self, carried: D) {
        let newer = std::mem::replace(&mut self.data, carried);
        self.data.merge(newer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_one_word_item_is_one_cache_line() {
        assert_eq!(size_of::<Record<std::sync::Arc<str>, ()>>(), 64 + 8);
        assert_eq!(size_of::<Record<std::sync::Arc<u64>, ()>>(), 64);
    }
}
