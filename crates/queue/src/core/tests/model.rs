//! The queue as one would write it on paper: a map, a list, and a search for everything.

use std::collections::BTreeMap;

use super::operation::Key;
use crate::{Counters, Party, Priority};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Line,
    Running,
    Later,
    Failed,
}

#[derive(Clone, Debug)]
struct Known {
    stage: Stage,
    /// Running, and added again.
    again: bool,
    own: Option<u64>,
    outside: Option<u64>,
    /// The order in which the earlier promise was made.
    promised_as: u64,
    level: Priority,
    run_level: Priority,
    failures: u32,
    failed_meanwhile: bool,
    data: u64,
}

impl Known {
    fn earlier_promise(&self) -> Option<u64> {
        [self.own, self.outside].into_iter().flatten().min()
    }
}

/// How a run ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Done,
    After(u64),
    Again(u64, u64),
    Retry(u64, u64),
    Fail,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    keys: BTreeMap<Key, Known>,
    /// In order of arrival.
    line: Vec<Key>,
    passed: BTreeMap<Priority, u32>,
    promises: u64,
    /// By what keys of one level take turns.
    party: Option<Party<Key>>,
    /// Whose turn it is at each level, and whose it is after that.
    turns: BTreeMap<Priority, Vec<u64>>,
}

const LEVELS: [Priority; 3] = [Priority::Low, Priority::Normal, Priority::High];

impl Model {
    pub(super) fn new(party: Option<Party<Key>>) -> Self {
        Self { party, ..Self::default() }
    }

    /// Who has no key in line any more is out of turn; who has one anew comes last.
    fn take_turns(&mut self) {
        let Some(party) = self.party else { return };
        for level in LEVELS {
            let there = self.line.iter().filter(|key| self.keys[key].level == level).map(party);
            let there: Vec<_> = there.collect();
            let turns = self.turns.entry(level).or_default();
            turns.retain(|party| there.contains(party));
            for party in there {
                if !turns.contains(&party) {
                    turns.push(party);
                }
            }
        }
    }

    /// The next key of a level.
    fn front(&self, level: Priority) -> Option<Key> {
        let next = self.party.and_then(|party| Some((party, *self.turns.get(&level)?.first()?)));
        let is_next = |key: &Key| next.is_none_or(|(party, next)| party(key) == next);
        self.line.iter().copied().find(|key| self.keys[key].level == level && is_next(key))
    }

    /// Changes a key, and notes when its earlier promise has become another one.
    fn change(&mut self, key: Key, change: impl FnOnce(&mut Known)) {
        let fresh = Known {
            stage: Stage::Later,
            again: false,
            own: None,
            outside: None,
            promised_as: 0,
            level: Priority::Low,
            run_level: Priority::Low,
            failures: 0,
            failed_meanwhile: false,
            data: 0,
        };
        let known = self.keys.entry(key).or_insert(fresh);
        let before = known.earlier_promise();
        change(known);
        if known.earlier_promise() != before && known.earlier_promise().is_some() {
            self.promises += 1;
            known.promised_as = self.promises;
        }
    }

    fn run_soon(&mut self, key: Key) {
        let known = self.keys.get_mut(&key).expect("a known key");
        match known.stage {
            Stage::Later | Stage::Failed => {
                known.stage = Stage::Line;
                self.line.push(key);
            }
            Stage::Line => {}
            Stage::Running => known.again = true,
        }
        self.take_turns();
    }

    fn carry(&mut self, key: Key, level: Priority, data: u64) {
        self.change(key, |known| known.data |= data);
        let known = self.keys.get_mut(&key).expect("just made");
        if level > known.level {
            known.level = level;
            if known.stage == Stage::Line {
                self.leave_line(key);
                self.take_turns();
                self.line.push(key);
                self.take_turns();
            }
        }
    }

    fn leave_line(&mut self, key: Key) {
        self.line.retain(|&other| other != key);
        let keys = &self.keys;
        let line = &self.line;
        self.passed.retain(|level, _| line.iter().any(|other| keys[other].level == *level));
    }

    pub(super) fn add(&mut self, key: Key, level: Priority, data: u64) {
        // A key that is raised leaves its old level first, which may be empty then.
        if let Some(known) =
            self.keys.get(&key).filter(|known| known.stage == Stage::Line && level > known.level)
        {
            let old = known.level;
            let alone = self.line.iter().filter(|other| self.keys[other].level == old).count() == 1;
            if alone {
                self.passed.remove(&old);
            }
        }
        self.carry(key, level, data);
        self.run_soon(key);
    }

    pub(super) fn defer(&mut self, key: Key, at: u64, data: u64) {
        self.carry(key, Priority::Normal, data);
        self.change(key, |known| {
            known.outside = Some(known.outside.map_or(at, |other| other.min(at)));
            if known.stage == Stage::Failed {
                known.stage = Stage::Later;
            }
        });
    }

    /// With a delay of the limiter's, or without one.
    pub(super) fn add_failed(&mut self, key: Key, at: Option<u64>, data: u64) {
        self.change(key, |known| {
            known.failures += 1;
            known.failed_meanwhile = known.stage == Stage::Running;
        });
        let Some(at) = at else { return self.add(key, Priority::Normal, data) };
        self.carry(key, Priority::Normal, data);
        self.change(key, |known| {
            known.own = Some(known.own.map_or(at, |other| other.min(at)));
            if known.stage == Stage::Failed {
                known.stage = Stage::Later;
            }
        });
    }

    pub(super) fn reschedule(&mut self, key: Key, at: u64) {
        let is_new = !self.keys.contains_key(&key);
        self.change(key, |known| {
            (known.own, known.outside) = (None, Some(at));
            if known.stage == Stage::Failed {
                known.stage = Stage::Later;
            }
            if is_new {
                known.level = Priority::Normal;
            }
        });
    }

    pub(super) fn cancel(&mut self, key: Key) -> bool {
        let Some(known) = self.keys.get_mut(&key) else { return false };
        let had = known.earlier_promise().is_some();
        (known.own, known.outside) = (None, None);
        if known.stage == Stage::Later {
            if known.failures > 0 {
                known.stage = Stage::Failed;
            } else {
                self.keys.remove(&key);
            }
        }
        had
    }

    pub(super) fn forget(&mut self, key: Key) {
        let Some(known) = self.keys.get_mut(&key) else { return };
        known.failures = 0;
        if known.stage == Stage::Failed {
            self.keys.remove(&key);
        }
    }

    pub(super) fn advance(&mut self, now: u64) {
        loop {
            let due = self.keys.iter().filter_map(|(&key, known)| {
                known.earlier_promise().filter(|&at| at <= now).map(|at| (at, known.promised_as, key))
            });
            let Some((_, _, key)) = due.min() else { return };
            self.change(key, |known| {
                known.own = known.own.filter(|&at| at > now);
                known.outside = known.outside.filter(|&at| at > now);
            });
            self.run_soon(key);
        }
    }

    /// The next key, how often it failed, and what it carries.
    pub(super) fn take(&mut self, now: u64) -> Option<(Key, u32, u64)> {
        let front = |level| self.front(level);
        let overdue = |level: &Priority| self.passed.get(level).is_some_and(|&passed| passed >= 8);
        let chosen = LEVELS.into_iter().filter(overdue).find(|&level| front(level).is_some());
        let chosen = chosen.or_else(|| LEVELS.into_iter().rev().find(|&level| front(level).is_some()))?;
        let key = front(chosen)?;
        let others: Vec<_> =
            LEVELS.into_iter().filter(|&level| level != chosen && front(level).is_some()).collect();
        for level in others {
            *self.passed.entry(level).or_default() += 1;
        }
        self.passed.remove(&chosen);
        self.leave_line(key);
        if let Some(turns) = self.turns.get_mut(&chosen).filter(|turns| !turns.is_empty()) {
            turns.remove(0);
        }
        self.take_turns();
        let mut taken = None;
        self.change(key, |known| {
            known.stage = Stage::Running;
            known.own = None;
            known.outside = known.outside.filter(|&at| at > now);
            known.run_level = known.level;
            if known.outside.is_none() {
                known.level = Priority::Low;
            }
            taken = Some((key, known.failures, std::mem::take(&mut known.data)));
        });
        taken
    }

    pub(super) fn finish(&mut self, key: Key, end: End) {
        self.change(key, |known| {
            known.stage = Stage::Later;
            let failed_meanwhile = std::mem::take(&mut known.failed_meanwhile);
            match end {
                End::Done if failed_meanwhile => {}
                End::Done => (known.own, known.failures) = (None, 0),
                End::After(at) => (known.own, known.failures) = (Some(at), 0),
                End::Again(at, data) => {
                    known.own = Some(at);
                    known.data |= data;
                }
                End::Retry(at, data) => {
                    known.own = Some(at);
                    known.data |= data;
                    known.failures += 1;
                }
                End::Fail => {
                    known.own = None;
                    known.failures += 1;
                }
            }
            if matches!(end, End::After(_) | End::Again(..) | End::Retry(..)) {
                known.level = known.level.max(known.run_level);
            }
            if known.again {
                known.own = None;
            }
        });
        let known = self.keys.get_mut(&key).expect("a running key is known");
        if std::mem::take(&mut known.again) {
            known.stage = Stage::Line;
            self.line.push(key);
            self.take_turns();
        } else if known.earlier_promise().is_none() {
            if known.failures > 0 {
                known.stage = Stage::Failed;
            } else {
                self.keys.remove(&key);
            }
        }
    }

    /// The end of the queue: what is not running or failed for good is gone.
    pub(super) fn discard(&mut self) {
        self.line.clear();
        self.turns.clear();
        self.keys.retain(|_, known| matches!(known.stage, Stage::Running | Stage::Failed));
        for known in self.keys.values_mut() {
            (known.own, known.outside) = (None, None);
        }
    }

    pub(super) fn ready(&self) -> usize {
        self.line.len()
    }

    pub(super) fn running(&self) -> usize {
        self.keys.values().filter(|known| known.stage == Stage::Running).count()
    }

    pub(super) fn next_due(&self) -> Option<u64> {
        self.keys.values().filter_map(Known::earlier_promise).min()
    }

    pub(super) fn is_queued_again(&self, key: Key) -> bool {
        self.keys.get(&key).is_some_and(|known| known.again)
    }

    /// The four standings.
    pub(super) fn counters(&self) -> Counters {
        let mut counters = Counters { ready: self.ready(), running: self.running(), ..Counters::default() };
        for known in self.keys.values() {
            match known.stage {
                Stage::Line | Stage::Running => {}
                Stage::Later if known.failures == 0 => counters.deferred += 1,
                Stage::Later | Stage::Failed => counters.failing += 1,
            }
        }
        counters
    }
}
