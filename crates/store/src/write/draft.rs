//! An entry to be written whole, whether or not it is there.

use std::fmt;

use serde_json::Value;
use trimtab_backend::{Invalid, Key, Tenancy};

use super::Write;
use super::typed::unwritable;
use super::verb::{How, Intent};
use crate::{Document, Entry, Kind, Labels, OwnerRef};

/// What an entry should be: a name, a spec, and if wanted a tenancy, labels and owners. Becomes a [`Write`] by [`apply`](Draft::apply),
/// [`create`](Draft::create) or [`overwrite`](Draft::overwrite).
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use trimtab_store::{Kind, Typed, Write};
/// # #[derive(Serialize, Deserialize)] struct Gateway {}
/// # impl Kind for Gateway { const KIND: &'static str = "gateway"; type Status = (); }
/// # #[derive(Serialize, Deserialize)] struct Bound { routes: Vec<String> }
/// # impl Kind for Bound { const KIND: &'static str = "bound-gateway"; type Status = (); }
/// fn bind(gateway: &Typed<Gateway>, routes: Vec<String>) -> Write {
///     Bound { routes }.named(gateway.name()).owned_by(gateway).label("made-by", "binder").apply()
/// }
/// ```
#[derive(Clone)]
#[must_use = "a draft does nothing until it is a write: `.apply()`, `.create()` or `.overwrite()`"]
pub struct Draft {
    kind: Box<str>,
    name: Box<str>,
    partition: Option<Box<str>>,
    namespace: Option<Box<str>>,
    /// JSON text, in its kind's form; or why the kind refuses it.
    pub(super) spec: Result<Box<str>, Invalid>,
    pub(super) labels: Labels,
    pub(super) owners: Vec<DraftOwner>,
    pub(super) origin: Option<String>,
    /// Labels that are not named here are taken away.
    pub(super) exact: bool,
}

/// An owner, and where it lies; the same place when that was not said.
#[derive(Clone)]
pub(super) struct DraftOwner {
    pub(super) owner: OwnerRef,
    pub(super) tenancy: Option<Tenancy>,
}

impl Draft {
    pub(crate) fn new<K: Kind>(name: &str, mut spec: K) -> Self {
        spec.normalize();
        let text = spec.validate().and_then(|()| {
            serde_json::to_string(&spec)
                .map_err(|error| unwritable("spec", &error))
                .map(String::into_boxed_str)
        });
        Self::raw(K::KIND, name, text)
    }

    /// A draft of a kind that is known by its name only.
    ///
    /// ```
    /// # use serde_json::json;
    /// use trimtab_store::Draft;
    ///
    /// let write = Draft::json("site", "blog", &json!({ "port": 80 })).in_namespace("shop").apply();
    /// # drop(write);
    /// ```
    pub fn json(kind: &str, name: &str, spec: &Value) -> Self {
        Self::raw(kind, name, Ok(spec.to_string().into()))
    }

    /// A draft of a document, its spec as it stands there.
    pub(crate) fn document(document: &Document) -> Self {
        let owners = document.owners.iter().cloned();
        Self {
            partition: document.partition.as_deref().map(Into::into),
            namespace: document.namespace.as_deref().map(Into::into),
            labels: document.labels.clone(),
            owners: owners.map(|owner| DraftOwner { owner, tenancy: None }).collect(),
            ..Self::raw(&document.kind, &document.name, Ok(document.spec.get().into()))
        }
    }

    fn raw(kind: &str, name: &str, spec: Result<Box<str>, Invalid>) -> Self {
        Self {
            kind: kind.into(),
            name: name.into(),
            partition: None,
            namespace: None,
            spec,
            labels: Labels::new(),
            owners: Vec::new(),
            origin: None,
            exact: false,
        }
    }

    /// In this partition and namespace. Otherwise: that of its owner; without one, that at hand (of the request in a reconcile, the default one
    /// on a store).
    pub fn in_tenancy(self, tenancy: &Tenancy) -> Self {
        self.in_partition(tenancy.partition()).in_namespace(tenancy.namespace())
    }

    /// In this namespace.
    pub fn in_namespace(self, namespace: &str) -> Self {
        Self { namespace: Some(namespace.into()), ..self }
    }

    /// In this partition.
    pub fn in_partition(self, partition: &str) -> Self {
        Self { partition: Some(partition.into()), ..self }
    }

    /// With this label.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// Owned by that entry, which must lie in the same tenancy: when its last owner is gone, it is deleted (behaviour E7).
    #[doc(alias = "controllerutil.SetControllerReference")]
    pub fn owned_by(mut self, owner: &Entry) -> Self {
        let tenancy = Some(owner.tenancy().clone());
        let owner = OwnerRef { kind: owner.kind().into(), name: owner.name().into(), uid: Some(owner.uid()) };
        self.owners.push(DraftOwner { owner, tenancy });
        self
    }

    /// Kept in line with something outside, such as the file of this path.
    pub fn origin(self, origin: impl Into<String>) -> Self {
        Self { origin: Some(origin.into()), ..self }
    }

    /// Labels that are not named here are taken away. Without it they are added to what is there, so that several may label one entry. Owners and
    /// finalizers stay either way.
    pub fn exactly(self) -> Self {
        Self { exact: true, ..self }
    }

    /// Makes the entry so: absent in view, it is created; different, it is changed at the version in view; equal, nothing is written. The spec
    /// becomes exactly this one; labels and owners are added.
    #[doc(alias = "controllerutil.CreateOrUpdate")]
    pub fn apply(self) -> Write {
        self.write(How::Apply)
    }

    /// Creates the entry; a conflict when it is there.
    #[doc(alias = "client.Create")]
    pub fn create(self) -> Write {
        self.write(How::Create)
    }

    /// Makes the entry so, **whatever is there and whoever wrote it**: the one blind write (guarantee R-a). It never falls away as equal. What the
    /// view shows of the entry - its uid, labels, owners, finalizers - is kept; what was written since is lost.
    pub fn overwrite(self) -> Write {
        self.write(How::Overwrite)
    }

    /// The key of what it drafts, for a tenancy at hand.
    pub fn key(&self, home: &Tenancy) -> Key {
        let home = self.owners.iter().find_map(|owner| owner.tenancy.as_ref()).unwrap_or(home);
        let tenancy = match (&self.partition, &self.namespace) {
            (None, None) => home.clone(),
            (partition, namespace) => Tenancy::new(
                partition.as_deref().unwrap_or(home.partition()),
                namespace.as_deref().unwrap_or(home.namespace()),
            ),
        };
        Key::within((*self.kind).into(), tenancy, &self.name)
    }

    fn write(self, how: How) -> Write {
        Write(Ok(Intent::Draft(Box::new(self), how)))
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({}/{})", self.kind, self.name)
    }
}
