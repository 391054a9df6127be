//! Reading: one snapshot, with the run's own writes laid over it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use trimtab_backend::{Index, Key, KindName};
use trimtab_store::{Dynamic, Entry, Kind, Locate, Query, ReadError, Typed, View};

use super::Context;

/// Reading.
impl Context {
    /// The entry of this kind; `None`: there is none. A bare name means the tenancy of the request.
    ///
    /// # Errors
    /// [`ReadError`]: the kind is not followed, which is not the same as absent (behaviour C23), or the entry is not of the type. By `?` both become
    /// terminal: the key is listed as failed until something changes.
    #[doc(alias = "client.Get")]
    pub fn get<K: Kind>(&self, at: impl Locate) -> Result<Option<Typed<K>>, ReadError> {
        self.look(|view| view.get(at))
    }

    /// The entry of this key; `None`: there is none.
    ///
    /// # Errors
    /// As [`Context::get`].
    pub fn entry(&self, key: &Key) -> Result<Option<Entry>, ReadError> {
        self.look(|view| view.entry(key))
    }

    /// The entries of a kind, in the tenancy of the request unless told.
    #[doc(alias = "client.List")]
    pub fn list<K: Kind>(&self) -> Query<K> {
        self.look(View::list)
    }

    /// The entries of a kind by its name, in the tenancy of the request unless told.
    pub fn list_kind(&self, kind: impl Into<KindName>) -> Query<Dynamic> {
        self.look(|view| view.list_kind(kind))
    }

    /// What this run reads, as a value: for helpers that take a `&View`. Shows the run's writes up to now.
    pub fn view(&self) -> View {
        self.look(View::clone)
    }

    /// The index of the snapshot this run reads from. At least as new as every event that caused it, and as the last write of this key's runs
    /// (behaviour C17).
    pub fn index(&self) -> Index {
        self.view.index()
    }

    fn look<T>(&self, read: impl FnOnce(&View) -> T) -> T {
        if !self.has_own.load(Ordering::Acquire) {
            return read(&self.view);
        }
        let own = self.memory.lock().own.as_ref().map(Arc::clone);
        match own {
            Some(own) => read(&self.view.clone().with_overlay(own)),
            None => read(&self.view),
        }
    }
}
