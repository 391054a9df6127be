//! What is counted of the view while it is written, so that nobody has to walk it to know.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use trimtab_backend::Key;

use crate::DecodeError;
use crate::query::Stored;

/// Of the newest version of every entry in view.
#[derive(Default)]
pub(super) struct Census(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    entries: usize,
    undecodable: BTreeMap<Key, DecodeError>,
    deleting: BTreeSet<Key>,
}

impl Census {
    /// An entry changes from one to the other.
    pub(super) fn note(&self, key: &Key, old: Option<&Stored>, next: Option<&Stored>) {
        let is_undecodable = |stored: Option<&Stored>| matches!(stored, Some(Stored::Undecodable(_)));
        let is_deleting =
            |stored: Option<&Stored>| matches!(stored, Some(Stored::Entry(entry)) if entry.is_deleting());
        let mut counted = self.0.lock();
        counted.entries = counted.entries + usize::from(next.is_some()) - usize::from(old.is_some());
        if is_deleting(next) {
            counted.deleting.insert(key.clone());
        } else if is_deleting(old) {
            counted.deleting.remove(key);
        }
        if let Some(Stored::Undecodable(one)) = next {
            counted.undecodable.insert(key.clone(), one.error.clone());
        } else if is_undecodable(old) {
            counted.undecodable.remove(key);
        }
    }

    /// How many there are, and how many of them cannot be decoded.
    pub(super) fn entries(&self) -> (usize, usize) {
        let counted = self.0.lock();
        (counted.entries, counted.undecodable.len())
    }

    pub(super) fn undecodable(&self) -> Vec<DecodeError> {
        self.0.lock().undecodable.values().cloned().collect()
    }

    pub(super) fn deleting(&self) -> Vec<Key> {
        self.0.lock().deleting.iter().cloned().collect()
    }
}
