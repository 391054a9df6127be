//! The source as authors build it.

use std::fmt;
use std::marker::PhantomData;

use futures_core::Stream;
use trimtab_backend::Tenancy;
use trimtab_queue::Priority;
use trimtab_store::{Change, Dynamic, Kind, Shape};
use trimtab_stream::{EventPublisher, Payload, SubscribeRequest};

use super::body::{Asked, Body, Origin, asking, fallible, filter, mapping};
use super::other::{Other, Published, Streamed};
use super::{IntoRequests, Transformer};
use crate::{Request, Result};

/// What a controller listens to, given to [`Controller::subscribe`](crate::Controller::subscribe): which changes, and which keys each leads to.
///
/// Without a mapping the changed entry's own key is the request, and the source fires on changes of the spec record (spec, labels, finalizers,
/// deletion mark), on creation and on deletion; on changes of the status alone only [`with_status`](Source::with_status). With
/// a mapping it fires on all of these.
///
/// ```
/// use trimtab_runtime::Source;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize)] struct Route { gateway: String }
/// # impl trimtab_store::Kind for Route { const KIND: &'static str = "route"; type Status = (); }
/// # #[derive(Serialize, Deserialize)] struct Gateway {}
/// # impl trimtab_store::Kind for Gateway { const KIND: &'static str = "gateway"; type Status = (); }
/// let own = Source::of::<Gateway>();
/// // The gateway a route points at, and the one it pointed at before.
/// let routes = Source::of().map(|route: &trimtab_store::Change<Route>| {
///     let gateways = route.both().map(|r| route.beside::<Gateway>(&r.spec.gateway));
///     gateways.collect::<Vec<_>>()
/// });
/// # let _ = (own, routes);
/// ```
#[must_use = "a source does nothing until it is given to `subscribe`"]
#[doc(alias = "stream.SubscribeRequest")]
#[doc(alias = "source.Kind")]
pub struct Source<S = Dynamic> {
    body: Body,
    seen_as: PhantomData<fn() -> S>,
}

/// What a source is a source of that takes no mapping: its requests are made where it is made.
#[derive(Clone, Copy, Debug)]
pub enum Told {}

impl Source<Dynamic> {
    /// The entries of a kind, seen as its types. The kind is inferred where a mapping says it.
    pub fn of<K: Kind>() -> Source<K> {
        Source::over(Origin::Entries(SubscribeRequest::all(K::KIND)))
    }

    /// The entries of the kind of this name, seen as JSON.
    pub fn kind(name: &str) -> Self {
        Self::over(Origin::Entries(SubscribeRequest::all(name)))
    }

    /// The events of any publisher, with the requests each leads to. It has its own indexes, which have nothing to do with the store's.
    /// Nothing waits for its first snapshot unless [`with_gate`](Source::with_gate) says so.
    #[doc(alias = "source.Channel")]
    pub fn from_publisher<P: Payload, R: IntoRequests>(
        publisher: &EventPublisher<P>,
        request: SubscribeRequest,
        map: impl Fn(&P) -> R + Send + Sync + 'static,
    ) -> Source<Told> {
        Source::over(Origin::Other(Box::new(Published::new(publisher.clone(), request, map))))
    }

    /// Requests from anywhere. Where keys are [shared out](crate::Placement::sharded), each replica needs a stream that tells it of all of them. When the stream ends the source has ended; that is no error.
    #[doc(alias = "source.Func")]
    pub fn stream(requests: impl Stream<Item = Request> + Send + 'static) -> Source<Told> {
        Source::over(Origin::Other(Box::new(Streamed::new(requests))))
    }
}

/// A topic of the store's publisher, all of it or one subject; the entries are seen as JSON.
impl From<SubscribeRequest> for Source<Dynamic> {
    fn from(request: SubscribeRequest) -> Self {
        Self::over(Origin::Entries(request))
    }
}

impl Source<Told> {
    pub(crate) fn every_kind(kinds: impl Other + 'static) -> Self {
        Self::over(Origin::Other(Box::new(kinds))).with_gate()
    }
}

impl<S: Shape> Source<S> {
    /// Maps each change to requests. Several mappings of one source concatenate; what they give for one change is de-duplicated
    /// (behaviour C6). A panic is counted and the change is mapped again with backoff (behaviour C8).
    #[doc(alias = "Transformer")]
    #[doc(alias = "handler.EnqueueRequestsFromMapFunc")]
    pub fn map(mut self, transformer: impl Transformer<S>) -> Self {
        self.body.mappings.push(mapping(transformer));
        self
    }

    /// As [`Source::map`], with a mapping that may fail: then the change is mapped again with backoff; it is not lost (behaviour C8). Reading the store may
    /// fail, so whoever looks up the entries that name the changed one does it here:
    ///
    /// ```
    /// use trimtab_runtime::Source;
    /// use trimtab_store::Lookup;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Clone, Serialize, Deserialize)] struct Site { certificate: String }
    /// # impl trimtab_store::Kind for Site { const KIND: &'static str = "site"; type Status = (); }
    /// # #[derive(Serialize, Deserialize)] struct Certificate {}
    /// # impl trimtab_store::Kind for Certificate { const KIND: &'static str = "certificate"; type Status = (); }
    /// const BY_CERTIFICATE: Lookup<Site> = Lookup::new("certificate", |site| vec![site.spec.certificate.clone()]);
    ///
    /// let certificates = Source::of::<Certificate>()
    ///     .try_map(|change| Ok(change.list::<Site>().by(&BY_CERTIFICATE, change.name()).all()?));
    /// # let _ = certificates;
    /// ```
    pub fn try_map<R: IntoRequests>(
        mut self,
        transformer: impl Fn(&Change<S>) -> Result<R> + Send + Sync + 'static,
    ) -> Self {
        self.body.mappings.push(fallible(transformer));
        self
    }

    /// Maps changes by asking somebody: an async function, called with up to `most` changes of one tenancy at once, one call at a time. The last
    /// mapping of its source; filters and mappings that were given before are applied to each change first.
    ///
    /// Each change is asked about, also those that follow one another on one entry. When the call fails, half as many are asked about, so that an entry that
    /// makes it fail soon stands alone; that entry is then retried by itself with growing, jittered delay and listed as unmapped (behaviour C8). An
    /// [`Error::requeue_after`](crate::Error::requeue_after) asks again after that time and is no failure; an [`Error::terminal`](crate::Error::terminal) leaves the
    /// entry unmapped until it changes. Reconciles wait until the first snapshot has been asked about (behaviour C19), or until a call has failed: whoever does
    /// not answer degrades this source alone, and is shown as [`Broken`](crate::SourceState::Broken).
    ///
    /// A function that takes no time goes to [`Source::try_map`].
    ///
    /// ```
    /// use trimtab_runtime::{Result, Source};
    /// # use trimtab_store::{Change, Key};
    /// # async fn names_by_the_inventory(_: Vec<Change>) -> Result<Vec<Key>> { Ok(Vec::new()) }
    ///
    /// let machines = Source::kind("machine").map_batches(100, |changes| async move {
    ///     names_by_the_inventory(changes).await
    /// });
    /// # let _ = machines;
    /// ```
    pub fn map_batches<R: IntoRequests, F>(
        self,
        most: usize,
        ask: impl Fn(Vec<Change<S>>) -> F + Send + Sync + 'static,
    ) -> Source<Told>
    where
        F: Future<Output = Result<R>> + Send + 'static,
    {
        let mut body = self.body;
        let (filters, mappings) = (std::mem::take(&mut body.filters), std::mem::take(&mut body.mappings));
        body.asked = Some(Asked { ask: asking(filters, mappings, ask), most: most.max(1) });
        Source { body, seen_as: PhantomData }
    }

    /// Maps each change to the owners of that kind, the ones before and the ones now.
    #[doc(alias = "handler.EnqueueRequestForOwner")]
    #[doc(alias = "Owns")]
    pub fn to_owner<O: Kind>(mut self) -> Self {
        self.body.mappings.push(Box::new(|happening, requests| {
            for entry in happening.event.old.iter().chain(&happening.event.new) {
                let owners = entry.owners().iter().filter(|owner| owner.kind == O::KIND);
                requests.extend(owners.map(|owner| owner.key(entry.tenancy())));
            }
            Ok(())
        }));
        self
    }

    /// Only changes for which this is true. Several conditions must all be true.
    #[doc(alias = "predicate.Predicate")]
    pub fn when(mut self, accept: impl Fn(&Change<S>) -> bool + Send + Sync + 'static) -> Self {
        self.body.filters.push(filter(accept));
        self
    }

    /// Only entries of this name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.body.name = Some(name.into());
        self
    }

    /// Only entries of this tenancy.
    pub fn in_tenancy(mut self, tenancy: &Tenancy) -> Self {
        self.body.tenancy = Some(tenancy.clone());
        self
    }

    /// Fires on changes of the status alone too. A mapped source does so in any case.
    #[doc(alias = "predicate.GenerationChangedPredicate")]
    pub fn with_status(mut self) -> Self {
        self.body.with_status = true;
        self
    }
}

impl<S> Source<S> {
    fn over(origin: Origin) -> Self {
        Self { body: Body::new(origin), seen_as: PhantomData }
    }

    /// Its first snapshot enqueues nothing: only what changes afterwards does. For what is found at start in another way anyhow.
    pub fn quiet(mut self) -> Self {
        self.body.quiet = true;
        self
    }

    /// Reconciles may begin before this source has delivered its first snapshot (behaviour C19).
    pub fn without_gate(mut self) -> Self {
        self.body.gate = false;
        self
    }

    /// Reconciles wait for the first snapshot of this source. The default for entries; a stream has none to wait for.
    pub fn with_gate(mut self) -> Self {
        self.body.gate = true;
        self
    }

    /// The level at which what changes is queued. Default [`Priority::Normal`]. What a snapshot brings is queued at
    /// [`Priority::Low`] (behaviour Q14), unless it is an entry whose status is of an older generation: that has changed while nobody looked.
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.body.priority = priority;
        self
    }

    pub(crate) fn into_body(self) -> Body {
        self.body
    }
}

impl<S> fmt::Debug for Source<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.body.fmt(f)
    }
}
