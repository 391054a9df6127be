//! An entry with its spec and status as an author's types.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{Entry, Kind};

/// An entry of a kind. Three counts to clone; everything of [`Entry`] is there by deref.
///
/// Spec and status are read here and changed by [`edit`](Typed::edit) and [`edit_status`](Typed::edit_status), which make
/// [`Write`](crate::Write)s.
pub struct Typed<K: Kind> {
    /// What should be.
    pub spec: Arc<K>,
    /// What is; the type's default while no status was written.
    pub status: Arc<K::Status>,
    entry: Entry,
}

impl<K: Kind> Typed<K> {
    pub(super) fn new(entry: Entry, spec: Arc<K>, status: Arc<K::Status>) -> Self {
        Self { spec, status, entry }
    }

    /// The entry without its types.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }
}

impl<K: Kind> Clone for Typed<K> {
    fn clone(&self) -> Self {
        Self::new(self.entry.clone(), Arc::clone(&self.spec), Arc::clone(&self.status))
    }
}

impl<K: Kind> Deref for Typed<K> {
    type Target = Entry;
    fn deref(&self) -> &Entry {
        &self.entry
    }
}

impl<K: Kind> AsRef<Entry> for Typed<K> {
    fn as_ref(&self) -> &Entry {
        &self.entry
    }
}

impl<K: Kind> fmt::Debug for Typed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.entry, f)
    }
}
