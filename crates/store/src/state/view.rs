//! The state and its snapshots, as readers see them.

use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use trimtab_backend::{Key, KindName, Position};

use super::order::{Order, Range, STRIDE};
use super::pins::Pins;
use super::table::Table;
use super::writer::Backlog;
use super::{TermIndex, Turn, Value};

/// All entries in all versions that are read.
pub(crate) struct State<V: Value> {
    about: V::About,
    pub(super) table: Table<V>,
    pub(super) order: Order<V>,
    pub(super) pins: Pins,
    pub(super) indexes: RwLock<Arc<[Arc<TermIndex<V>>]>>,
    pub(super) backlog: Mutex<Backlog<V>>,
}

impl<V: Value> State<V> {
    pub(crate) fn new(about: V::About) -> Arc<Self> {
        Arc::new(Self {
            about,
            table: Table::new(),
            order: Order::new(),
            pins: Pins::new(),
            indexes: RwLock::new(Arc::new([])),
            backlog: Mutex::default(),
        })
    }

    /// A consistent view of the current commit. Constant time; keeps the versions that it sees until it is dropped.
    pub(crate) fn pin(self: &Arc<Self>) -> Pinned<V> {
        let (turn, position) = self.pins.take();
        Pinned { state: Arc::clone(self), turn, position }
    }

    /// Where the current commit stands; none before the first.
    pub(crate) fn position(&self) -> Option<Position> {
        self.pins.current().1
    }

    /// What readers need to know of it.
    pub(crate) fn about(&self) -> &V::About {
        &self.about
    }

    /// The index of this name over this kind, if it was declared.
    pub(crate) fn index(&self, kind: Option<&KindName>, name: &str) -> Option<Arc<TermIndex<V>>> {
        self.indexes.read().iter().find(|index| index.is(kind, name)).cloned()
    }
}

/// How far a walk has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cursor {
    #[default]
    Start,
    /// Everything up to this key was walked.
    After(Key),
    End,
}

impl Cursor {
    pub(crate) fn is_end(&self) -> bool {
        *self == Self::End
    }

    fn after(&self) -> Option<&Key> {
        match self {
            Self::After(key) => Some(key),
            Self::Start | Self::End => None,
        }
    }

    fn go_on(&mut self, last: Option<Key>) {
        *self = last.map_or(Self::End, Self::After);
    }
}

/// A commit held for reading.
pub(crate) struct Pinned<V: Value> {
    state: Arc<State<V>>,
    turn: Turn,
    position: Option<Position>,
}

impl<V: Value> Pinned<V> {
    /// Where it stands; none when nothing was committed yet.
    pub(crate) fn position(&self) -> Option<Position> {
        self.position
    }

    pub(crate) fn about(&self) -> &V::About {
        &self.state.about
    }

    pub(crate) fn state(&self) -> &Arc<State<V>> {
        &self.state
    }

    /// What stands under a key.
    pub(crate) fn get(&self, key: &Key) -> Option<V> {
        self.state.table.with(key, |cell| cell.at(self.turn)).flatten().map(|(_, value)| value)
    }

    /// The kinds that have, or lately had, keys.
    pub(crate) fn kinds(&self) -> Vec<KindName> {
        self.state.order.kinds()
    }

    /// Appends what is visible of the next stretch of a range.
    pub(crate) fn walk(&self, range: &Range, cursor: &mut Cursor, found: &mut Vec<(Key, V)>) {
        let last = self.state.order.walk(range, cursor.after(), &mut |cell| {
            if let Some((_, value)) = cell.at(self.turn) {
                found.push((cell.key.clone(), value));
            }
        });
        cursor.go_on(last);
    }

    /// As [`Pinned::walk`], over the keys that have a term of an index.
    pub(crate) fn walk_term(
        &self,
        index: &TermIndex<V>,
        term: &str,
        cursor: &mut Cursor,
        found: &mut Vec<(Key, V)>,
    ) {
        let candidates = index.candidates(term, cursor.after(), STRIDE);
        cursor.go_on(candidates.last().filter(|_| candidates.len() == STRIDE).cloned());
        for key in candidates {
            let seen = self.state.table.with(&key, |cell| cell.at(self.turn)).flatten();
            if let Some((_, value)) = seen.filter(|(since, _)| index.has(&key, *since, term)) {
                found.push((key, value));
            }
        }
    }
}

impl<V: Value> Clone for Pinned<V> {
    fn clone(&self) -> Self {
        self.state.pins.again(self.turn);
        Self { state: Arc::clone(&self.state), turn: self.turn, position: self.position }
    }
}

impl<V: Value> Drop for Pinned<V> {
    fn drop(&mut self) {
        self.state.pins.release(self.turn);
    }
}
