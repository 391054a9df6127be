//! Keys that wait for something other than work: for the view, or because they kept asking to run at once.
//!
//! The queue knows them as deferred; why, for people, stands here. Empty on the plain path, and then not locked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use trimtab_backend::{Index, Key};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The view is not yet at this index.
    Waiting(Index),
    /// It asked to run at once so many times in a row, without any new event.
    Hot(u32),
    /// Its own writes made it run so many times in a row.
    Echo(u32),
    /// It lost against other writers so many times in a row.
    Contended(u32),
    /// Its last commit may or may not have happened.
    Unresolved,
}

#[derive(Debug, Default)]
pub(crate) struct Troubles {
    by_key: Mutex<BTreeMap<Key, Trouble>>,
    len: AtomicUsize,
}

impl Troubles {
    /// Notes what a key waits for. False when that was so already, but for its number.
    pub(crate) fn note(&self, key: &Key, trouble: Trouble) -> bool {
        let mut by_key = self.by_key.lock();
        let before = by_key.insert(key.clone(), trouble);
        self.len.store(by_key.len(), Ordering::Release);
        before.is_none_or(|before| std::mem::discriminant(&before) != std::mem::discriminant(&trouble))
    }

    /// A run of the key ended otherwise.
    pub(crate) fn over(&self, key: &Key) {
        if self.len.load(Ordering::Acquire) > 0 {
            let mut by_key = self.by_key.lock();
            by_key.remove(key);
            self.len.store(by_key.len(), Ordering::Release);
        }
    }

    pub(crate) fn all(&self) -> BTreeMap<Key, Trouble> {
        self.by_key.lock().clone()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len.load(Ordering::Acquire) == 0
    }
}
