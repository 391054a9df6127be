//! The one writer.

use std::collections::VecDeque;
use std::sync::Arc;

use trimtab_backend::{Key, Position};

use super::cell::{Cell, Left, Version};
use super::view::State;
use super::{TermIndex, Turn, Value};

/// Old versions are let go of at this many cells a write: more would stall one commit behind a long scan, fewer would never catch up.
const TRIMS: usize = 2;

/// What only the writer touches.
pub(super) struct Backlog<V> {
    turn: Turn,
    /// Cells with older versions, each at most once, and since which commit they wait: in that one nothing can be let go of yet.
    trims: VecDeque<(Turn, Arc<Cell<V>>)>,
    dropped: Vec<Version<V>>,
}

impl<V> Default for Backlog<V> {
    fn default() -> Self {
        Self { turn: Turn::default(), trims: VecDeque::new(), dropped: Vec::new() }
    }
}

/// One commit as it is written. Nobody sees any of it before [`Writer::publish`]. There is one at a time; it holds no lock in between, so
/// that a long commit can give way to other tasks.
pub(crate) struct Writer<'a, V: Value> {
    state: &'a State<V>,
    turn: Turn,
}

impl<V: Value> State<V> {
    /// Begins the next commit.
    pub(crate) fn write(&self) -> Writer<'_, V> {
        let turn = self.backlog.lock().turn.next();
        Writer { state: self, turn }
    }

    /// Declares an index and fills it from every kept version, written and not yet shown ones too. False when there is one of this name over this
    /// kind. Holds the writer up.
    pub(crate) fn declare(&self, index: TermIndex<V>) -> bool {
        let _writer = self.backlog.lock();
        let known = Arc::clone(&self.indexes.read());
        if known.iter().any(|known| known.is_same(&index)) {
            return false;
        }
        for kind in self.order.kinds() {
            let range = super::Range { kind: Some(kind), ..super::Range::default() };
            let mut after = None;
            loop {
                // An author's function is called under no lock but the writer's own.
                let mut cells = Vec::new();
                after = self.order.walk(&range, after.as_ref(), &mut |cell| cells.push(Arc::clone(cell)));
                for cell in cells {
                    for (turn, value) in cell.versions() {
                        index.add(&cell.key, turn, &value);
                    }
                }
                if after.is_none() {
                    break;
                }
            }
        }
        *self.indexes.write() = known.iter().cloned().chain([Arc::new(index)]).collect();
        true
    }

    /// Lets go of up to `limit` cells' old versions while there is nothing to write. False when there is nothing to let go of now.
    pub(crate) fn tidy(&self, limit: usize) -> bool {
        let mut backlog = self.backlog.lock();
        let rounds = backlog.trims.len().min(limit);
        (0..rounds).fold(false, |freed, _| self.trim(&mut backlog, None) || freed)
    }

    /// Trims the cell that has waited longest, unless it waits since the commit that is being written. True when something was freed.
    fn trim(&self, backlog: &mut Backlog<V>, writing: Option<Turn>) -> bool {
        if backlog.trims.front().is_some_and(|(since, _)| Some(*since) == writing) {
            return false;
        }
        let Some((_, cell)) = backlog.trims.pop_front() else { return false };
        let mut dropped = std::mem::take(&mut backlog.dropped);
        let left = cell.trim(&self.pins, &mut dropped);
        for version in &dropped {
            if version.value.is_some() {
                self.each_index(|index| index.forget(&cell.key, version.from));
            }
        }
        let freed = !dropped.is_empty() || matches!(left, Left::Nothing);
        dropped.clear();
        backlog.dropped = dropped;
        match left {
            Left::Current => {}
            Left::Older => backlog.trims.push_back((writing.unwrap_or(backlog.turn), cell)),
            Left::Nothing => {
                self.order.remove(&cell.key);
                self.table.remove(&cell.key);
            }
        }
        freed
    }

    /// The list is shared, not locked: the terms of an index are an author's function.
    fn each_index(&self, visit: impl FnMut(&Arc<TermIndex<V>>)) {
        let indexes = Arc::clone(&self.indexes.read());
        indexes.iter().for_each(visit);
    }
}

impl<V: Value> Writer<'_, V> {
    /// What stands under a key, with what was written so far.
    pub(crate) fn newest(&self, key: &Key) -> Option<V> {
        self.state.table.with(key, |cell| cell.newest()).flatten()
    }

    /// Writes a key, or removes it. Gives what stood there.
    pub(crate) fn put(&mut self, key: &Key, value: Option<&V>) -> Option<V> {
        let state = self.state;
        let mut backlog = state.backlog.lock();
        let mut listed = None;
        let put = state.table.with(key, |cell| {
            let put = cell.put(self.turn, value.cloned());
            listed = put.list.then(|| Arc::clone(cell));
            put
        });
        if put.is_none()
            && let Some(value) = value
        {
            let cell = Arc::new(Cell::new(key.clone(), self.turn, value.clone()));
            state.table.insert(&cell);
            state.order.insert(&cell);
        }
        let again = put.as_ref().is_some_and(|put| put.again);
        state.each_index(|index| {
            if again {
                index.forget(key, self.turn);
            }
            if let Some(value) = value {
                index.add(key, self.turn, value);
            }
        });
        for _ in 0..TRIMS {
            state.trim(&mut backlog, Some(self.turn));
        }
        backlog.trims.extend(listed.map(|cell| (self.turn, cell)));
        put.and_then(|put| put.old)
    }

    /// Shows the commit: snapshots taken from now on are of it.
    pub(crate) fn publish(self, position: Position) {
        self.state.backlog.lock().turn = self.turn;
        self.state.pins.publish(self.turn, position);
    }
}
