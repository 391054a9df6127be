//! An index for each of a few keys, for as long as it means something.
//!
//! Two facts are remembered this way: up to which commit a key's last successful run has answered events, and which own write its next run
//! must see. Kept for every key for ever they would make idle keys cost memory (behaviour Q16). But both mean nothing any more once the slowest
//! source, or the view, has passed the index; so what lies at or below that floor is not put in, and thrown out when the table grows.

use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;
use parking_lot::Mutex;
use trimtab_backend::{Index, Key};
use trimtab_seams::HashState;

/// Looked through for the first time when it holds so many.
const FEW: usize = 1024;
/// Never more: a source that is broken for long holds the floor down. What is forgotten then costs a run that was not needed.
const MOST: usize = 1 << 16;

#[derive(Debug, Default)]
pub(crate) struct Marks {
    table: Mutex<Table>,
    /// So that nobody takes the lock of an empty table.
    len: AtomicUsize,
}

#[derive(Debug)]
struct Table {
    marks: HashMap<Key, Index, HashState>,
    sweep_at: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self { marks: HashMap::default(), sweep_at: FEW }
    }
}

impl Marks {
    /// The mark of a key.
    pub(crate) fn get(&self, key: &Key) -> Option<Index> {
        if self.len.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.table.lock().marks.get(key).copied()
    }

    /// Raises the mark of a key, unless it lies at or below the floor. The exact floor, which may be higher and dearer to find, is asked for when the
    /// table is looked through.
    pub(crate) fn raise(&self, key: &Key, index: Index, floor: Index, exact: impl FnOnce() -> Index) {
        if index <= floor {
            return;
        }
        let mut table = self.table.lock();
        if table.marks.len() >= table.sweep_at {
            let floor = floor.max(exact());
            table.marks.retain(|_, mark| *mark > floor);
            if table.marks.len() >= MOST {
                table.marks.clear();
            }
            table.marks.shrink_to(FEW);
            table.sweep_at = (table.marks.len() * 2).clamp(FEW, MOST);
        }
        let mark = table.marks.entry(key.clone()).or_default();
        *mark = index.max(*mark);
        self.len.store(table.marks.len(), Ordering::Release);
    }

    /// Forgets a key.
    pub(crate) fn remove(&self, key: &Key) {
        if self.len.load(Ordering::Acquire) > 0 {
            let mut table = self.table.lock();
            table.marks.remove(key);
            self.len.store(table.marks.len(), Ordering::Release);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.table.lock() = Table::default();
        self.len.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> Key {
        Key::new("site", &n.to_string())
    }

    #[test]
    fn a_mark_is_raised_never_lowered_and_none_is_kept_at_the_floor() {
        let marks = Marks::default();
        let no_better = || Index::ZERO;
        marks.raise(&key(1), Index::new(5), Index::new(5), no_better);
        assert_eq!(marks.get(&key(1)), None);
        marks.raise(&key(1), Index::new(7), Index::new(5), no_better);
        marks.raise(&key(1), Index::new(6), Index::new(5), no_better);
        assert_eq!(marks.get(&key(1)), Some(Index::new(7)));
        marks.remove(&key(1));
        assert_eq!(marks.get(&key(1)), None);
    }

    #[test]
    fn memory_is_bounded_by_what_lies_above_the_floor_and_by_a_number() {
        let marks = Marks::default();
        for n in 0..10 * FEW {
            let index = Index::new(n as u64 + 1);
            marks.raise(&key(n), index, Index::ZERO, || Index::new(index.get() - 1));
        }
        assert!(marks.table.lock().marks.len() <= FEW, "nearly all of them were below the floor");
        for n in 0..2 * MOST {
            marks.raise(&key(n), Index::new(1_000_000), Index::ZERO, || Index::ZERO);
        }
        assert!(marks.table.lock().marks.len() <= MOST);
    }
}
