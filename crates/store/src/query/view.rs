//! A snapshot seen from a tenancy.

use std::fmt;
use std::sync::Arc;

use trimtab_backend::{Index, Key, KindName, Position, Tenancy, Uid};

use super::{Overlay, Query, Results, Snapshot};
use crate::{Dynamic, Entry, Kind, Locate, ReadError, Shape, Typed};

/// A [`Snapshot`] seen from a tenancy: what reconcilers and transformers read. Helpers of yours that read should take a `&View`.
///
/// A bare name means the view's tenancy; a `&Key` brings its own; `(&tenancy, "name")` says it.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use trimtab_store::{Kind, Memory, ReadError, Store, View};
/// # #[derive(Serialize, Deserialize)] struct Site { port: u16 }
/// # impl Kind for Site { const KIND: &'static str = "site"; type Status = (); }
/// fn ports(view: &View) -> Result<Vec<u16>, ReadError> {
///     view.list::<Site>().prefix("b").all().map(|sites| sites.iter().map(|site| site.spec.port).collect())
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = Store::open(Memory::new()).await?;
/// store.commit([Site { port: 80 }.named("blog").apply(), Site { port: 81 }.named("shop").apply()]).await?;
/// assert_eq!(ports(&store.view())?, [80]);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct View {
    snapshot: Snapshot,
    tenancy: Tenancy,
    overlay: Option<Arc<Overlay>>,
}

impl View {
    pub(super) fn new(snapshot: Snapshot, tenancy: Tenancy) -> Self {
        Self { snapshot, tenancy, overlay: None }
    }

    /// The same with own writes laid over the snapshot, in place of those laid before (behaviour C22).
    #[must_use]
    pub fn with_overlay(self, overlay: Arc<Overlay>) -> Self {
        Self { overlay: Some(overlay), ..self }
    }

    /// The own writes laid over it.
    pub fn overlay(&self) -> Option<&Arc<Overlay>> {
        self.overlay.as_ref()
    }

    /// The same seen from another tenancy.
    #[must_use]
    pub fn in_tenancy(&self, tenancy: &Tenancy) -> Self {
        Self { tenancy: tenancy.clone(), ..self.clone() }
    }

    /// The tenancy that bare names mean.
    pub fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    /// The snapshot without tenancy and own writes.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The index of the snapshot; own writes laid over it are later.
    pub fn index(&self) -> Index {
        self.snapshot.index()
    }

    /// The position of the snapshot, see [`Snapshot::position`].
    pub fn position(&self) -> Option<Position> {
        self.snapshot.position()
    }

    /// The entry of this kind; `None`: there is none.
    ///
    /// # Errors
    /// [`ReadError::NotFollowed`] for a kind or tenancy outside of what the store follows: that is not the same as absent (behaviour C23).
    /// [`ReadError::Decode`] when the entry cannot be read as the kind's types.
    pub fn get<K: Kind>(&self, at: impl Locate) -> Result<Option<Typed<K>>, ReadError> {
        let entry = self.entry(&at.locate(K::KIND, &self.tenancy))?;
        Ok(entry.as_ref().map(K::view).transpose()?)
    }

    /// The entry of this key; `None`: there is none.
    ///
    /// # Errors
    /// As [`View::get`].
    pub fn entry(&self, key: &Key) -> Result<Option<Entry>, ReadError> {
        match self.overlay.as_ref().and_then(|overlay| overlay.get(key)) {
            Some(own) => self.snapshot.0.about().check(key).map(|()| own.cloned()),
            None => self.snapshot.entry(key),
        }
    }

    /// The entries of a kind, in the view's tenancy unless told.
    #[doc(alias = "List")]
    pub fn list<K: Kind>(&self) -> Query<K> {
        Query::new(self.clone(), K::KIND.into())
    }

    /// The entries of a kind by its name, in the view's tenancy unless told.
    pub fn list_kind(&self, kind: impl Into<KindName>) -> Query<Dynamic> {
        Query::new(self.clone(), kind.into())
    }

    /// The entries of every followed kind that this life of an entry owns, wherever they lie. Fast: owners are indexed by uid.
    pub fn dependents(&self, owner: Uid) -> Results<Dynamic> {
        Results::of_owner(self.clone(), owner)
    }

    /// The kinds of the snapshot that have entries, in order, the reserved ones left out.
    pub fn kinds(&self) -> Vec<KindName> {
        self.snapshot.kinds()
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("index", &self.index())
            .field("tenancy", &self.tenancy)
            .field("own_writes", &self.overlay.as_ref().map_or(0, |overlay| overlay.len()))
            .finish_non_exhaustive()
    }
}
