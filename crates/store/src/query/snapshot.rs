//! The whole store at one index.

use std::fmt;

use trimtab_backend::{Index, Key, KindName, Position, Tenancy};

use super::{Query, Stored, View};
use crate::state::Pinned;
use crate::{Dynamic, Entry, Kind, Locate, ReadError, Shape, Typed};

/// The followed part of the store as it was at one index. Taken in constant time, never blocked by writers, never blocking them (behaviour E4).
///
/// It keeps every version it shows in memory until it is dropped: hold it for a run or a request, not for ever.
///
/// A bare name means the default tenancy here; [`Snapshot::from_tenancy`] looks from another one.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use trimtab_store::{Kind, Memory, Store, Tenancy};
/// # #[derive(Serialize, Deserialize)] struct Site { port: u16 }
/// # impl Kind for Site { const KIND: &'static str = "site"; type Status = (); }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = Store::open(Memory::new()).await?;
/// store.commit(Site { port: 80 }.named("blog").in_namespace("shop").apply()).await?;
/// let snapshot = store.snapshot();
/// store.commit(Site { port: 81 }.named("blog").in_namespace("shop").apply()).await?;
///
/// assert!(snapshot.get::<Site>("blog")?.is_none(), "not in the default namespace");
/// let shop = snapshot.from_tenancy(&Tenancy::in_namespace("shop"));
/// assert_eq!(shop.get::<Site>("blog")?.map(|blog| blog.spec.port), Some(80), "as it was");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Snapshot(pub(super) Pinned<Stored>);

impl Snapshot {
    pub(crate) fn new(pinned: Pinned<Stored>) -> Self {
        Self(pinned)
    }

    /// The index it shows.
    pub fn index(&self) -> Index {
        self.0.position().map_or(Index::ZERO, |position| position.index)
    }

    /// The index it shows and the store it belongs to; `None` only before the first snapshot of a store that is still opening.
    pub fn position(&self) -> Option<Position> {
        self.0.position()
    }

    /// The snapshot seen from a tenancy.
    pub fn from_tenancy(&self, tenancy: &Tenancy) -> View {
        View::new(self.clone(), tenancy.clone())
    }

    /// As [`Snapshot::from_tenancy`], for who needs the snapshot no longer: it need not be pinned once more.
    pub fn into_view(self, tenancy: &Tenancy) -> View {
        View::new(self, tenancy.clone())
    }

    /// The entry of this key; `None`: there is none.
    ///
    /// # Errors
    /// [`ReadError::NotFollowed`] for a key outside of what the store follows, [`ReadError::Decode`] when its records cannot be read.
    pub fn entry(&self, key: &Key) -> Result<Option<Entry>, ReadError> {
        self.0.about().check(key)?;
        let stored = self.0.get(key).map(Stored::entry);
        Ok(stored.transpose()?)
    }

    /// The entry of this kind; a bare name means the default tenancy. As [`View::get`].
    pub fn get<K: Kind>(&self, at: impl Locate) -> Result<Option<Typed<K>>, ReadError> {
        let entry = self.entry(&at.locate(K::KIND, &Tenancy::default()))?;
        Ok(entry.as_ref().map(K::view).transpose()?)
    }

    /// The entries of a kind, in the default tenancy unless told.
    pub fn list<K: Kind>(&self) -> Query<K> {
        self.from_tenancy(&Tenancy::default()).list()
    }

    /// The entries of a kind by its name, in the default tenancy unless told.
    pub fn list_kind(&self, kind: impl Into<KindName>) -> Query<Dynamic> {
        self.from_tenancy(&Tenancy::default()).list_kind(kind)
    }

    /// The kinds that have entries here, in order, the reserved ones left out.
    pub fn kinds(&self) -> Vec<KindName> {
        let view = self.from_tenancy(&Tenancy::default());
        let mut kinds = self.0.kinds();
        kinds.retain(|kind| !kind.is_reserved() && !view.list_kind(kind.clone()).everywhere().is_empty());
        kinds
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Snapshot").field(&self.index()).finish()
    }
}
