//! What a transformer sees: an entry before and after a commit.

use std::fmt;

use trimtab_backend::{Index, Key, KindName, Tenancy};

use super::{Query, Snapshot, View};
use crate::{DecodeError, Dynamic, EntryEvent, Kind, KindKey as _, Locate, ReadError, Shape, Typed};

/// An entry before and after a commit (behaviour C7), with the view of the store to look around in.
///
/// Look at both: what the entry pointed at before needs a run as much as what it points at now.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use trimtab_store::{Change, Key, Kind};
/// # #[derive(Serialize, Deserialize)] struct Gateway {}
/// # impl Kind for Gateway { const KIND: &'static str = "gateway"; type Status = (); }
/// #[derive(Serialize, Deserialize)]
/// struct Route { parents: Vec<String> }
/// # impl Kind for Route { const KIND: &'static str = "route"; type Status = (); }
///
/// fn parents(route: &Change<Route>) -> Vec<Key> {
///     route.both().flat_map(|route| &route.spec.parents).map(|name| route.beside::<Gateway>(name)).collect()
/// }
/// # let _ = parents;
/// ```
#[doc(alias = "event.UpdateEvent")]
pub struct Change<S: Shape = Dynamic> {
    /// The entry before; `None` when it was created, when this is a first sight of it (a snapshot), and when it could not be decoded.
    pub old: Option<S::View>,
    /// The entry now; `None` when it was deleted.
    pub new: Option<S::View>,
    key: Key,
    index: Index,
    view: View,
}

impl<S: Shape> Change<S> {
    /// The change that an event tells, seen as this kind. The snapshot must be at least as new as the event.
    ///
    /// # Errors
    /// [`DecodeError`] when the new value cannot be read as the kind's types. An old value that cannot be counts as none.
    pub fn of(event: &EntryEvent, snapshot: &Snapshot) -> Result<Self, DecodeError> {
        Ok(Self {
            old: event.old.as_ref().and_then(|old| S::view(old).ok()),
            new: event.new.as_ref().map(S::view).transpose()?,
            key: event.key.clone(),
            index: event.index,
            view: snapshot.from_tenancy(event.key.tenancy()),
        })
    }

    /// The entry before and the entry now, as far as they are.
    pub fn both(&self) -> impl Iterator<Item = &S::View> {
        self.old.iter().chain(&self.new)
    }

    /// The entry's key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The entry's name.
    pub fn name(&self) -> &str {
        self.key.name()
    }

    /// The entry's tenancy.
    pub fn tenancy(&self) -> &Tenancy {
        self.key.tenancy()
    }

    /// The key of an entry of another kind in the same tenancy.
    pub fn beside<K: Kind>(&self, name: impl AsRef<str>) -> Key {
        self.key.beside::<K>(name)
    }

    /// The index of the commit.
    pub fn index(&self) -> Index {
        self.index
    }

    /// The store as it is since, seen from the entry's tenancy.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// As [`View::get`].
    pub fn get<K: Kind>(&self, at: impl Locate) -> Result<Option<Typed<K>>, ReadError> {
        self.view.get(at)
    }

    /// As [`View::list`].
    pub fn list<K: Kind>(&self) -> Query<K> {
        self.view.list()
    }

    /// As [`View::list_kind`].
    pub fn list_kind(&self, kind: impl Into<KindName>) -> Query<Dynamic> {
        self.view.list_kind(kind)
    }
}

impl<S: Shape> fmt::Debug for Change<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (&self.old, &self.new) {
            (_, None) => "deleted",
            (None, Some(_)) => "created",
            (Some(_), Some(_)) => "changed",
        };
        write!(f, "Change({} {what} at {})", self.key, self.index)
    }
}
