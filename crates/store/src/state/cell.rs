//! One key with its versions.

use parking_lot::Mutex;
use trimtab_backend::Key;

use super::pins::Pins;
use super::{Turn, Value};

/// A key and what stood under it, newest first. Nearly always one version, for a moment two; more only under old snapshots.
pub(super) struct Cell<V> {
    pub(super) key: Key,
    chain: Mutex<Chain<V>>,
}

struct Chain<V> {
    from: Turn,
    now: Option<V>,
    previous: Option<Version<V>>,
    /// Newest first.
    #[expect(clippy::box_collection, reason = "nearly always absent: 8 bytes a cell instead of 24")]
    rest: Option<Box<Vec<Version<V>>>>,
    /// Whether the writer has it on its list of cells to trim.
    listed: bool,
}

/// What stood there from a commit on; none when nothing did.
pub(super) struct Version<V> {
    pub(super) from: Turn,
    pub(super) value: Option<V>,
}

/// What a write met.
pub(super) struct Put<V> {
    pub(super) old: Option<V>,
    /// It was written before in the same commit, as by a delete and a re-creation.
    pub(super) again: bool,
    /// The cell must now be put on the list to trim.
    pub(super) list: bool,
}

/// What a trim left.
pub(super) enum Left {
    /// One version: nothing to trim any more.
    Current,
    /// Older versions that somebody reads.
    Older,
    /// Nothing at all: the key is gone for every reader.
    Nothing,
}

impl<V: Value> Cell<V> {
    pub(super) fn new(key: Key, from: Turn, value: V) -> Self {
        let chain = Chain { from, now: Some(value), previous: None, rest: None, listed: false };
        Self { key, chain: Mutex::new(chain) }
    }

    /// What a snapshot of `turn` sees, and since when.
    pub(super) fn at(&self, turn: Turn) -> Option<(Turn, V)> {
        let chain = self.chain.lock();
        if chain.from <= turn {
            return chain.now.clone().map(|value| (chain.from, value));
        }
        let seen = chain.older().find(|version| version.from <= turn)?;
        seen.value.clone().map(|value| (seen.from, value))
    }

    /// The newest version, published or not: for the writer.
    pub(super) fn newest(&self) -> Option<V> {
        self.chain.lock().now.clone()
    }

    /// Writes a version.
    pub(super) fn put(&self, turn: Turn, value: Option<V>) -> Put<V> {
        let mut chain = self.chain.lock();
        let old = chain.now.clone();
        let again = chain.from == turn;
        let list = if again {
            // Nobody has seen the first.
            chain.now = value;
            chain.now.is_none()
        } else {
            let version = Version { from: chain.from, value: std::mem::replace(&mut chain.now, value) };
            chain.from = turn;
            if let Some(older) = chain.previous.replace(version) {
                chain.rest.get_or_insert_default().insert(0, older);
            }
            true
        };
        let list = list && !std::mem::replace(&mut chain.listed, true);
        Put { old, again, list }
    }

    /// Lets go of the versions that nobody can read any more: into `dropped`, so that nothing is freed or told under the lock.
    pub(super) fn trim(&self, pins: &Pins, dropped: &mut Vec<Version<V>>) -> Left {
        let mut chain = self.chain.lock();
        let mut before = chain.from;
        if let Some(previous) = chain.previous.take() {
            let kept = pins.may_read(previous.from, before);
            before = previous.from;
            if kept {
                chain.previous = Some(previous);
            } else {
                dropped.push(previous);
            }
        }
        if let Some(rest) = chain.rest.take() {
            let mut kept = Vec::new();
            for version in *rest {
                let from = version.from;
                if pins.may_read(from, before) {
                    kept.push(version);
                } else {
                    dropped.push(version);
                }
                before = from;
            }
            if chain.previous.is_none() && !kept.is_empty() {
                chain.previous = Some(kept.remove(0));
            }
            chain.rest = (!kept.is_empty()).then(|| Box::new(kept));
        }
        let left = match (&chain.previous, &chain.now) {
            (Some(_), _) => Left::Older,
            (None, Some(_)) => Left::Current,
            (None, None) => Left::Nothing,
        };
        chain.listed = matches!(left, Left::Older);
        left
    }

    /// Every kept version, newest first: for building an index.
    pub(super) fn versions(&self) -> Vec<(Turn, V)> {
        let chain = self.chain.lock();
        let now = chain.now.iter().map(|value| (chain.from, value.clone()));
        let older = chain.older().filter_map(|version| Some((version.from, version.value.clone()?)));
        now.chain(older).collect()
    }
}

impl<V> Chain<V> {
    fn older(&self) -> impl Iterator<Item = &Version<V>> {
        self.previous.iter().chain(self.rest.iter().flat_map(|rest| rest.iter()))
    }
}
