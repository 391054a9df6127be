//! Keys whose own writes made them run.
//!
//! A run's own write to a spec fires, because a spec that a controller changes may have to be looked at again. If every run writes, that never
//! ends (guarantee R-f). A run that was caused by nothing but the commits of the key's last run is its echo; a few in a row are free, then the limiter's
//! delays apply, as for a key that asks to run at once (behaviour C10). Anything else that happens runs the key at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;
use parking_lot::Mutex;
use trimtab_backend::{Index, Key};
use trimtab_seams::HashState;

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
    /// How many echoes in a row that run was.
    row: u8,
}

impl Echoes {
    /// A key is about to run: how many echoes in a row it is, with this one.
    pub(super) fn row(&self, key: &Key, cause: &Cause) -> u8 {
        if self.len.load(Ordering::Acquire) == 0 {
            return 0;
        }
        let last = {
            let mut table = self.table.lock();
            let last = table.last.remove(key);
            self.len.store(table.last.len(), Ordering::Release);
            last
        };
        let Some(Last { commits, row }) = last else { return 0 };
        let reasons = cause.reasons();
        let is_own = |index: Option<Index>| index.is_some_and(|index| commits.contains(&index));
        let echo =
            !reasons.is_empty() && cause.more == 0 && reasons.iter().all(|reason| is_own(reason.index()));
        if echo { row.saturating_add(1) } else { 0 }
    }

    /// A run of the key has committed, and was the `row`th echo. What lies at or below the floor can come back no more; it is asked for when the table is
    /// looked through.
    pub(super) fn wrote(&self, key: &Key, commits: Vec<Index>, row: u8, floor: impl FnOnce() -> Index) {
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
        table.last.insert(key.clone(), Last { commits: commits.into(), row });
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
        let wrote = |row| echoes.wrote(&key, vec![Index::new(4), Index::new(6)], row, || Index::ZERO);
        wrote(0);
        assert_eq!(echoes.row(&key, &changed(4)), 1);
        assert_eq!(echoes.row(&key, &changed(4)), 0, "told once");
        wrote(3);
        assert_eq!(echoes.row(&key, &changed(5)), 0, "somebody else's commit");
        wrote(3);
        assert_eq!(echoes.row(&key, &Cause::default()), 0, "a promised run");
        wrote(3);
        assert_eq!(echoes.row(&key, &changed(6)), 4);
    }

    #[test]
    fn what_can_come_back_no_more_is_forgotten() {
        let echoes = Echoes::default();
        for n in 0..10 * FEW {
            let index = Index::new(n as u64 + 1);
            echoes.wrote(&Key::new("site", &n.to_string()), vec![index], 0, || index);
        }
        assert!(echoes.table.lock().last.len() <= FEW);
    }
}
