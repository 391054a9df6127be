//! Keys whose own writes made them run.
//!
//! A run's own write to a spec fires, because a spec that a controller changes may have to be looked at again. If every run writes, that never
//! ends (guarantee R-f). A run that was caused by nothing but the commits of the key's last run, and what that run had read already, is its echo; a few in a
//! row are free, then the limiter's delays apply, as for a key that asks to run at once (behaviour C10). Anything else that happens runs the key at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;
use parking_lot::Mutex;
use trimtab_backend::{Index, Key};
use trimtab_seams::{HashState, Instant};

use crate::cause::Cause;

/// Looked through when it holds so many, and again at each doubling.
const FEW: usize = 1024;
const MOST: usize = 1 << 16;

#[derive(Debug, Default)]
pub(crate) struct Echoes {
    table: Mutex<Table>,
    len: AtomicUsize,
}

#[derive(Debug)]
struct Table {
    last: HashMap<Key, Last, HashState>,
    sweep_at: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self { last: HashMap::default(), sweep_at: FEW }
    }
}

/// What the last run of a key has written.
#[derive(Debug)]
struct Last {
    commits: Box<[Index]>,
    /// What it read from: an event up to here that comes late tells nothing new.
    read: Index,
    /// How many echoes in a row that run was.
    row: u8,
    /// Its echo is held back until then.
    until: Option<Instant>,
}

/// A run that nothing but the key's own writes has caused.
#[derive(Debug)]
pub(super) struct Echo {
    last: Last,
    /// How many in a row it is, with this one.
    pub(super) row: u8,
}

impl Echo {
    /// Until when it was to be held back, when it was before.
    pub(super) fn until(&self) -> Option<Instant> {
        self.last.until
    }
}

impl Echoes {
    /// A key is about to run: whether as an echo. Told once, unless it is [held](Echoes::hold).
    pub(super) fn of(&self, key: &Key, cause: &Cause) -> Option<Echo> {
        if self.len.load(Ordering::Acquire) == 0 {
            return None;
        }
        let last = {
            let mut table = self.table.lock();
            let last = table.last.remove(key);
            self.len.store(table.last.len(), Ordering::Release);
            last
        }?;
        let reasons = cause.reasons();
        let is_known = |index: Option<Index>| {
            index.is_some_and(|index| index <= last.read || last.commits.contains(&index))
        };
        let echo =
            !reasons.is_empty() && cause.more == 0 && reasons.iter().all(|reason| is_known(reason.index()));
        echo.then(|| Echo { row: last.row.saturating_add(1), last })
    }

    /// The echo is held back until then, also when more of what the last run wrote comes back meanwhile.
    pub(super) fn hold(&self, key: &Key, echo: Echo, until: Instant) {
        let mut table = self.table.lock();
        table.last.insert(key.clone(), Last { until: Some(until), ..echo.last });
        self.len.store(table.last.len(), Ordering::Release);
    }

    /// A run of the key that read from `read` has committed, and was the `row`th echo. What lies at or below the floor can come back no more; it is asked
    /// for when the table is looked through.
    pub(super) fn wrote(
        &self,
        key: &Key,
        (commits, read): (Vec<Index>, Index),
        row: u8,
        floor: impl FnOnce() -> Index,
    ) {
        let mut table = self.table.lock();
        if table.last.len() >= table.sweep_at {
            let floor = floor();
            let gone = |last: &Last| last.row == 0 && last.commits.iter().all(|commit| *commit <= floor);
            table.last.retain(|_, last| !gone(last));
            if table.last.len() >= MOST {
                table.last.clear();
            }
            table.last.shrink_to(FEW);
            table.sweep_at = (table.last.len() * 2).clamp(FEW, MOST);
        }
        table.last.insert(key.clone(), Last { commits: commits.into(), read, row, until: None });
        self.len.store(table.last.len(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::{Reason, WhatHappened};

    fn changed(index: u64) -> Cause {
        Cause::of(Reason::of(WhatHappened::Changed, None, Some(Index::new(index))))
    }

    /// guarantee R-f
    #[test]
    fn only_a_run_caused_by_nothing_but_the_last_runs_commits_is_an_echo() {
        let (echoes, key) = (Echoes::default(), Key::new("site", "a"));
        let wrote = |row| {
            echoes.wrote(&key, (vec![Index::new(4), Index::new(6)], Index::new(3)), row, || Index::ZERO);
        };
        let row = |cause: &Cause| echoes.of(&key, cause).map_or(0, |echo| echo.row);
        wrote(0);
        assert_eq!(row(&changed(4)), 1);
        assert_eq!(row(&changed(4)), 0, "told once");
        wrote(3);
        assert_eq!(row(&changed(5)), 0, "somebody else's commit");
        wrote(3);
        assert_eq!(row(&Cause::default()), 0, "a promised run");
        wrote(3);
        assert_eq!(row(&changed(6)), 4);
        wrote(3);
        assert_eq!(row(&changed(2)), 4, "it had read that");
    }

    /// guarantee R-f
    #[test]
    fn an_echo_that_is_held_stays_one_until_somebody_else_writes() {
        let (echoes, key) = (Echoes::default(), Key::new("site", "a"));
        let until = Instant::from_nanos(9);
        echoes.wrote(&key, (vec![Index::new(4), Index::new(6)], Index::new(3)), 7, || Index::ZERO);
        let echo = echoes.of(&key, &changed(4)).unwrap();
        assert_eq!((echo.row, echo.until()), (8, None));
        echoes.hold(&key, echo, until);
        let echo = echoes.of(&key, &changed(6)).unwrap();
        assert_eq!((echo.row, echo.until()), (8, Some(until)));
        echoes.hold(&key, echo, until);
        assert!(echoes.of(&key, &changed(7)).is_none());
    }

    #[test]
    fn what_can_come_back_no_more_is_forgotten() {
        let echoes = Echoes::default();
        for n in 0..10 * FEW {
            let index = Index::new(n as u64 + 1);
            echoes.wrote(&Key::new("site", &n.to_string()), (vec![index], Index::ZERO), 0, || index);
        }
        assert!(echoes.table.lock().last.len() <= FEW);
    }
}
