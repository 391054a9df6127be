//! The handle.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use trimtab_backend::{AnyBackend, Backend, Commit, FollowError, Key, KindName, Part, Position};
use trimtab_seams::Seams;
use trimtab_stream::{EventPublisher, SubscribeError, SubscribeRequest, Subscription};

use super::core::Core;
use super::door::Mode;
use super::settle::before;
use super::{AtLeastError, Committed, Door, EntryEvent, Health, OpenError, StoreBuilder, door};
use crate::{
    DecodeError, Dynamic, Entry, IntoWrites, Kind, Locate, Lookup, Query, ReadError, Shape, Snapshot,
    Tenancy, Typed, View, WriteError,
};

/// How long [`Store::commit`] waits for the view to include what it wrote.
const OWN_WRITES: Duration = Duration::from_secs(1);

/// A followed backend: read it as snapshots, write it through one door, hear of every change. Cheap to clone, and not generic over the backend.
///
/// The follower runs until [`Store::close`], or until the last handle is dropped. It never gives up: what keeps it from following shows in
/// [`Store::health`], and the view stands still meanwhile.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use trimtab_store::{Kind, Memory, Store};
///
/// #[derive(Serialize, Deserialize)]
/// struct Greeting { to: String }
///
/// impl Kind for Greeting {
///     const KIND: &'static str = "greeting";
///     type Status = ();
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Store::open(Memory::new()).await?;
/// store.commit(Greeting { to: "world".into() }.named("first").apply()).await?;
///
/// let before = store.snapshot();
/// let greeting = store.get::<Greeting>("first")?.ok_or("it was written just now")?;
/// store.commit(greeting.edit(|greeting| greeting.to = "moon".into())).await?;
/// assert_eq!(store.get::<Greeting>("first")?.map(|now| now.spec.to.clone()).as_deref(), Some("moon"));
/// assert_eq!(before.get::<Greeting>("first")?.map(|then| then.spec.to.clone()).as_deref(), Some("world"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[doc(alias = "cache.Informer")]
pub struct Store(Arc<Handle>);

/// Dropped with the last handle; the follower does not hold it.
struct Handle(Arc<Core>);

/// Why [`Store::latest`] has no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LatestError {
    /// The backend did not answer.
    #[error("read the latest version: {0}")]
    Follow(#[from] FollowError),
    /// It is there, but cannot be read.
    #[error("read the latest version: {0}")]
    Decode(#[from] DecodeError),
}

impl Store {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self(Arc::new(Handle(core)))
    }

    pub(super) fn core(&self) -> &Core {
        &self.0.0
    }

    /// Follows all of a backend on tokio. As [`Store::builder`] with nothing set.
    ///
    /// # Errors
    /// [`OpenError`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn open(backend: impl Backend) -> Result<Self, OpenError> {
        Self::builder(backend).open().await
    }

    /// Says what to follow, and with which seams.
    pub fn builder(backend: impl Backend) -> StoreBuilder {
        StoreBuilder::new(AnyBackend::new(backend))
    }

    /// The store as it is now, at one index. Constant time (behaviour E4).
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.core().state.pin())
    }

    /// The current snapshot seen from the default tenancy.
    pub fn view(&self) -> View {
        self.snapshot().from_tenancy(&Tenancy::default())
    }

    /// The entry of this kind as it is now; a bare name means the default tenancy. Reads that belong together need one [`Store::snapshot`].
    ///
    /// # Errors
    /// As [`View::get`].
    pub fn get<K: Kind>(&self, at: impl Locate) -> Result<Option<Typed<K>>, ReadError> {
        self.snapshot().get(at)
    }

    /// The entry of this key as it is now.
    ///
    /// # Errors
    /// As [`View::get`].
    pub fn entry(&self, key: &Key) -> Result<Option<Entry>, ReadError> {
        self.snapshot().entry(key)
    }

    /// The entries of a kind as they are now, in the default tenancy unless told.
    pub fn list<K: Kind>(&self) -> Query<K> {
        self.snapshot().list()
    }

    /// The entries of a kind by its name as they are now, in the default tenancy unless told.
    pub fn list_kind(&self, kind: impl Into<KindName>) -> Query<Dynamic> {
        self.snapshot().list_kind(kind)
    }

    /// Commits writes, all at one index or none: one, an array, a vector. Answers when the view includes it, or after 1 s.
    ///
    /// Drafts are applied to what is there, also when somebody changes it at the same moment; writes made from an entry that was read are a
    /// conflict when it has changed since. What would change nothing is not sent: [`Commit::Unchanged`].
    ///
    /// # Errors
    /// [`WriteError`], sorted by what to do next. An outcome that is unknown was asked for up to 10 s.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the outcome open; half a commit is never left.
    pub async fn commit(&self, writes: impl IntoWrites) -> Result<Commit, WriteError> {
        self.commit_told(writes).await.map(|committed| committed.commit)
    }

    /// As [`Store::commit`], and tells what became of each entry that was written.
    ///
    /// # Errors
    /// As [`Store::commit`].
    ///
    /// # Cancel safety
    /// As [`Store::commit`].
    pub async fn commit_told(&self, writes: impl IntoWrites) -> Result<Committed, WriteError> {
        let core = self.core();
        let committed = door::commit(core, writes, &self.view(), Mode::Commit).await?;
        // What the commit touched may lie outside of what is followed; the view need never reach it then (contract I2).
        let seen = committed.touched.iter().any(|touched| core.state.about().keeps(touched.key()));
        let position = committed.commit.position();
        if seen && committed.commit.is_committed() {
            self.until_seen(position).await;
        }
        Ok(committed)
    }

    /// Waits until the view includes a commit, for a second at most.
    pub(super) async fn until_seen(&self, position: Position) {
        let core = self.core();
        if self.position() != Some(position) {
            let _late = before(core.seams.sleep(OWN_WRITES), core.arrivals.at_least(position)).await;
        }
    }

    /// What [`Store::commit_told`] would say now, without writing anything: conflicts, broken rules, and what each entry would become. The commit told is
    /// [`Commit::Unchanged`], at the position that was looked at.
    ///
    /// ```
    /// use serde_json::json;
    /// use trimtab_store::{Draft, Memory, Store};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = Store::open(Memory::new()).await?;
    /// let would = store.rehearse(Draft::json("site", "blog", &json!({ "port": 80 })).apply()).await?;
    /// assert!(would.touched[0].before().is_none(), "it would be created");
    /// assert!(store.list_kind("site").all()?.is_empty(), "and was not");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Store::commit`], without unknown outcomes.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn rehearse(&self, writes: impl IntoWrites) -> Result<Committed, WriteError> {
        door::commit(self.core(), writes, &self.view(), Mode::Rehearse).await
    }

    /// The door for those who bring their own view, own writes and fences: a run's context.
    pub fn door(&self) -> Door {
        Door::new(self.clone())
    }

    /// A snapshot that includes this position: waits for the view to reach it (behaviour C17). Waits for as long as it takes; race it against a
    /// sleep. A store that follows only a part is not told of commits beside it, and reaches their positions with the next one that concerns it
    /// (contract I2).
    ///
    /// # Errors
    /// [`AtLeastError`]: the position is of another store, the view was replaced by one that does not include it, or the store was closed.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn at_least(&self, position: Position) -> Result<Snapshot, AtLeastError> {
        self.core().arrivals.at_least(position).await?;
        let snapshot = self.snapshot();
        match snapshot.position() {
            // The view was replaced between its arrival and now.
            Some(view) if view.store != position.store || view.index < position.index => {
                Err(AtLeastError::Reset { wanted: position, view })
            }
            _ => Ok(snapshot),
        }
    }

    /// Where the view stands; `None` only while the store is being opened.
    pub fn position(&self) -> Option<Position> {
        self.core().state.position()
    }

    /// Where the backend stands, asked of it: after every commit acknowledged before the call.
    ///
    /// # Errors
    /// [`FollowError`].
    pub async fn head(&self) -> Result<Position, FollowError> {
        self.core().backend.read(&[]).await.map(|(position, _)| position)
    }

    /// The entry of this key, asked of the backend: after every commit acknowledged before the call. Not limited to what is followed.
    ///
    /// # Errors
    /// [`LatestError`].
    pub async fn latest(&self, key: &Key) -> Result<Option<Entry>, LatestError> {
        let (_, records) = self.core().backend.read(std::slice::from_ref(key)).await?;
        let half = |part| records.iter().find(|record| record.part == part).cloned();
        let Some(spec) = half(Part::Spec) else { return Ok(None) };
        Ok(Some(Entry::from_records(spec, half(Part::Status))?))
    }

    /// Follows the changes of a kind: its topic is the kind, its subjects are made by [`subject`](crate::subject).
    ///
    /// # Errors
    /// [`SubscribeError::UnknownTopic`] for a kind that is not followed.
    pub fn subscribe(&self, request: SubscribeRequest) -> Result<Subscription<EntryEvent>, SubscribeError> {
        self.core().publisher.subscribe(request)
    }

    /// The publisher of all changes.
    pub fn publisher(&self) -> &EventPublisher<EntryEvent> {
        &self.core().publisher
    }

    /// Declares a lookup, so that asking by it no longer looks at every entry. Reads everything of its kind once, while commits wait.
    /// Declaring it twice does nothing.
    pub fn declare<S: Shape>(&self, lookup: &Lookup<S>) {
        self.core().state.declare(lookup.index());
    }

    /// How many queries asked by a lookup that was not declared, and so looked at every entry.
    pub fn scans(&self) -> u64 {
        self.core().state.about().scans()
    }

    /// How the following goes.
    pub fn health(&self) -> Health {
        self.core().health()
    }

    /// The entries in view that cannot be decoded, in order of their keys (fault F28). Reading one is [`ReadError::Decode`].
    pub fn undecodable(&self) -> Vec<DecodeError> {
        self.core().census.undecodable()
    }

    /// The entries in view that are being deleted, in order of their keys: each waits for its finalizers.
    pub fn deleting(&self) -> Vec<Key> {
        self.core().census.deleting()
    }

    /// Whether all of a kind is followed.
    pub fn follows(&self, kind: impl Into<KindName>) -> bool {
        self.core().state.about().follows(&kind.into())
    }

    /// Clock, randomness and spawning: inherited by all that stands on the store.
    pub fn seams(&self) -> &Seams {
        &self.core().seams
    }

    /// The backend itself, past the write door: for leases, which are records of their own, and for resolving what stayed unknown.
    pub fn backend(&self) -> &AnyBackend {
        &self.core().backend
    }

    /// Ends the follower and all subscriptions, and closes the backend: it finishes what is worth finishing and lets go of files and locks.
    /// Reads go on from the last view. Doing it twice does no harm.
    pub async fn close(&self) {
        let core = self.core();
        core.stop.set();
        core.ended.wait().await;
        core.backend.close().await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.stop.set();
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("position", &self.position()).finish_non_exhaustive()
    }
}
