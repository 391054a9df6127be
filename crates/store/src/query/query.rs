//! A list as it is asked for.

use std::fmt;
use std::marker::PhantomData;

use trimtab_backend::{Key, KindName, Tenancy, TenancyPattern, Uid};

use super::lookup::Asked;
use super::{Lookup, Results, Selector, View};
use crate::state::Range;
use crate::{Entry, ReadError, Shape};

/// A list of entries of one kind: everything in the view's tenancy, unless narrowed or widened (behaviour E5). Nothing is read before it is
/// iterated; then it reads as it goes, from one snapshot.
///
/// In order of partition, namespace, name. [`Query::all`] gives everything or the first error; iterating gives each entry by itself.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use trimtab_store::{Kind, Lookup, Memory, Store};
/// #[derive(Serialize, Deserialize)]
/// struct Site { certificate: String }
/// # impl Kind for Site { const KIND: &'static str = "site"; type Status = (); }
/// const BY_CERTIFICATE: Lookup<Site> = Lookup::new("certificate", |site| vec![site.spec.certificate.clone()]);
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = Store::open(Memory::new()).await?;
/// let site = |certificate: &str| Site { certificate: certificate.into() };
/// store.commit(site("wildcard").named("blog").label("tier", "web").apply()).await?;
/// store.commit(site("own").named("shop").label("tier", "web").apply()).await?;
///
/// let view = store.view();
/// assert_eq!(view.list::<Site>().label("tier", "web").all()?.len(), 2);
/// assert_eq!(view.list::<Site>().matching(&"tier in (web, edge)".parse()?).prefix("sh").all()?[0].name(), "shop");
/// assert_eq!(view.list::<Site>().by(&BY_CERTIFICATE, "wildcard").all()?[0].name(), "blog");
/// # Ok(()) }
/// ```
#[must_use = "a query reads nothing until it is iterated or asked for `all`"]
pub struct Query<S: Shape> {
    pub(super) view: View,
    pub(super) range: Range,
    pub(super) filter: Filter,
    pub(super) after: Option<Key>,
    shape: PhantomData<fn() -> S>,
}

/// What of the range is wanted.
#[derive(Clone, Default)]
pub(super) struct Filter {
    pub(super) selector: Selector,
    pub(super) owner: Option<Uid>,
    pub(super) term: Option<Asked>,
}

impl<S: Shape> Query<S> {
    pub(super) fn new(view: View, kind: KindName) -> Self {
        let tenancies = TenancyPattern::exactly(view.tenancy());
        let range = Range { kind: Some(kind), tenancies, prefix: String::new() };
        Self { view, range, filter: Filter::default(), after: None, shape: PhantomData }
    }

    /// Only entries of this tenancy. Default: the view's.
    pub fn in_tenancy(mut self, tenancy: &Tenancy) -> Self {
        self.range.tenancies = TenancyPattern::exactly(tenancy);
        self
    }

    /// Entries of all namespaces of this partition.
    pub fn in_partition(mut self, partition: &str) -> Self {
        self.range.tenancies = TenancyPattern { partition: Some(partition.into()), namespace: None };
        self
    }

    /// Entries of this namespace, in the partition asked for so far.
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        self.range.tenancies.namespace = Some(namespace.into());
        self
    }

    /// Entries of all tenancies.
    pub fn everywhere(mut self) -> Self {
        self.range.tenancies = TenancyPattern::ANY;
        self
    }

    /// Only entries whose names begin with this.
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.range.prefix = prefix.into();
        self
    }

    /// Only what comes after this key in the order of the list: to go on where a page has ended.
    ///
    /// ```
    /// # use serde_json::json;
    /// # use trimtab_store::{Draft, Memory, Store};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let store = Store::open(Memory::new()).await?;
    /// # store.commit(["a", "b", "c"].map(|name| Draft::json("site", name, &json!({})).apply())).await?;
    /// let sites = store.list_kind("site");
    /// let page: Vec<_> = sites.clone().into_iter().take(2).collect::<Result<_, _>>()?;
    /// let next = sites.after(page[1].key()).all()?;
    /// assert_eq!(next[0].name(), "c");
    /// # Ok(()) }
    /// ```
    pub fn after(mut self, key: &Key) -> Self {
        self.after = Some(key.clone());
        self
    }

    /// Only entries with this label and value. May be asked for several times: all must hold.
    pub fn label(self, name: &str, value: &str) -> Self {
        self.matching(&Selector::label(name, value))
    }

    /// Only entries whose labels match. May be asked for several times: all must hold.
    pub fn matching(mut self, selector: &Selector) -> Self {
        self.filter.selector = self.filter.selector.and(selector.clone());
        self
    }

    /// Only entries that this life of an entry owns. Fast: owners are indexed by uid.
    pub fn owned_by(mut self, owner: impl AsRef<Entry>) -> Self {
        self.filter.owner = Some(owner.as_ref().uid());
        self
    }

    /// Only entries that have this term in the lookup. Fast when the lookup was declared ([`Store::declare`](crate::Store::declare), or the
    /// controller's `with_lookup`); else it looks at every entry of the range, and that is counted.
    pub fn by(mut self, lookup: &Lookup<S>, term: &str) -> Self {
        self.filter.term = Some(lookup.asked_for(term));
        self
    }

    /// Everything, or the first error.
    ///
    /// # Errors
    /// [`ReadError::NotFollowed`] when the list would not be whole, [`ReadError::Decode`] for an entry of the range that cannot be read.
    pub fn all(self) -> Result<Vec<S::View>, ReadError> {
        self.into_iter().collect()
    }

    /// The keys of everything, or the first error; see [`Query::all`].
    pub fn keys(self) -> Result<Vec<Key>, ReadError> {
        self.into_iter().map(|found| found.map(|entry| entry.as_ref().key().clone())).collect()
    }

    /// The first, or the first error; see [`Query::all`].
    pub fn first(self) -> Result<Option<S::View>, ReadError> {
        self.into_iter().next().transpose()
    }

    /// Whether there is nothing, not even an entry that cannot be read.
    pub fn is_empty(self) -> bool {
        self.into_iter().next().is_none()
    }
}

impl<S: Shape> IntoIterator for Query<S> {
    type Item = Result<S::View, ReadError>;
    type IntoIter = Results<S>;
    fn into_iter(self) -> Results<S> {
        Results::of(self)
    }
}

impl<S: Shape> Clone for Query<S> {
    fn clone(&self) -> Self {
        let (view, range, filter) = (self.view.clone(), self.range.clone(), self.filter.clone());
        Self { view, range, filter, after: self.after.clone(), shape: PhantomData }
    }
}

impl<S: Shape> fmt::Debug for Query<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("view", &self.view).field("range", &self.range).finish_non_exhaustive()
    }
}
