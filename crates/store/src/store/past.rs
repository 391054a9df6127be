//! What happened to a kind before this process knew of it: told from the backend's own history.
//!
//! The publisher's history begins where the store was opened. Whoever followed it before a restart, or fell out of it, could only begin anew, although the
//! backend still has every commit. Filling the publisher from the log at open would cost every start time and memory for those who never come back. So
//! the past is read when somebody asks, commit by commit, and the one who asked goes over to the publisher where the two meet.
//!
//! A log tells halves of entries, not what was there before. The other half comes from what was told before it (a stretch before the asked position is read
//! for that), or from the view, when that has not changed since. Where neither knows, the past is lost: a wrong entry is never made up.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hashbrown::HashMap;
use trimtab_backend::{
    Backend, Feed, FeedItem, Fidelity, FollowError, Index, Key, KindName, Position, RecordChange,
    ResetReason, Scope,
};
use trimtab_seams::{HashState, Sleep};

use super::applier::{Applier, Pending};
use super::{EntryEvent, Store};
use crate::Entry;
use crate::query::Stored;
use crate::state::Pinned;

/// How many commits before the asked one are looked at for what entries were; fewer when the history is shorter.
const BEFORE: [u64; 7] = [1000, 250, 60, 15, 4, 1, 0];
/// How long the backend may tell nothing before what is remembered of the past, versions of the view among it, is let go.
const PATIENCE: Duration = Duration::from_secs(1);

/// The commits of a kind after a position, from the backend's own history. From [`Store::past`].
///
/// ```
/// use serde_json::json;
/// use trimtab_store::{Draft, Memory, Store};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let backend = std::sync::Arc::new(Memory::new());
/// let store = Store::open(std::sync::Arc::clone(&backend)).await?;
/// let seen = store.commit(Draft::json("site", "blog", &json!({ "port": 80 })).apply()).await?.position();
/// store.commit(Draft::json("site", "blog", &json!({ "port": 81 })).apply()).await?;
/// store.commit(Draft::json("site", "shop", &json!({ "port": 82 })).apply()).await?;
/// drop(store); // the process ends; another one begins
///
/// let store = Store::open(backend).await?;
/// let mut past = store.past("site", seen).await?;
/// let (index, events) = past.next().await?.ok_or("it was changed since")?;
/// assert_eq!((index.get(), events[0].old.as_ref().map(|old| old.spec_json())), (2, Some(r#"{"port":80}"#)));
/// # Ok(()) }
/// ```
pub struct Past {
    store: Store,
    kind: KindName,
    feed: Feed,
    /// Taken from the feed already, to see whether it goes on from where it was asked to.
    first: Option<FeedItem>,
    /// After this the commits were asked for.
    from: Index,
    /// Where the view stood: from there on the publisher knows.
    upto: Index,
    /// Everything up to here was told, or looked at.
    told: Index,
    recall: Option<Recall>,
    quiet: Option<Pin<Box<Sleep>>>,
    applier: Applier,
}

/// What entries were, as far as it is known.
struct Recall {
    view: Pinned<Stored>,
    /// As of what was told last; `None`: it was not there.
    known: HashMap<Key, Option<Stored>, HashState>,
}

/// Why the past cannot be told.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PastError {
    /// It is not kept any more, or is another store's: begin anew with what there is.
    #[error("tell the past: it is not kept ({0:?}); begin anew with a snapshot")]
    Lost(ResetReason),
    /// The backend does not answer now.
    #[error("tell the past: {0}")]
    Follow(#[from] FollowError),
}

/// All events of a kind in one commit, and its index.
type Whole = (Index, Arc<[EntryEvent]>);

/// Half of an entry is not known any more.
struct Forgotten;

impl Store {
    /// The commits of a kind after a position that the publisher does not reach back to, for as long as the backend keeps them.
    ///
    /// # Errors
    /// [`PastError::Lost`] when they are not kept, or the position is of another store or ahead of this one; then only a snapshot helps.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn past(&self, kind: impl Into<KindName>, from: Position) -> Result<Past, PastError> {
        let core = self.core();
        let kind = kind.into();
        let view = core.state.pin();
        let Some(at) = view.position() else { return Err(FollowError::UNREACHABLE.into()) };
        if at.store != from.store {
            return Err(PastError::Lost(ResetReason::OtherStore));
        }
        if at.index < from.index {
            return Err(PastError::Lost(ResetReason::IndexWentBack));
        }
        let scope = match core.state.about().scope() {
            Scope::All => Scope::Kind(kind.clone()),
            narrower => narrower.clone(),
        };
        let mut lost = ResetReason::Compacted;
        for before in BEFORE {
            let start = Position { index: Index::new(from.index.get().saturating_sub(before)), ..from };
            let mut feed = core.backend.follow(scope.clone(), Some(start)).await?;
            // A refusal is the first thing told.
            let first = match poll_fn(|cx| Poll::Ready(feed.poll_next(cx))).await {
                Poll::Ready(Ok(FeedItem::Reset { why })) => {
                    lost = why;
                    continue;
                }
                Poll::Ready(first) => Some(first?),
                Poll::Pending => None,
            };
            return Ok(Past {
                store: self.clone(),
                kind,
                feed,
                first,
                from: from.index,
                upto: at.index,
                told: start.index,
                recall: Some(Recall { view, known: HashMap::default() }),
                quiet: None,
                applier: Applier::default(),
            });
        }
        Err(PastError::Lost(lost))
    }
}

impl Past {
    /// The next commit that changed something of the kind; `None`: the view is reached, go on with a subscription that
    /// [resumes at](trimtab_stream::SubscribeRequest::resume_at) [`Past::upto`]. An event's `old` is absent also when nobody knows what was there; an event
    /// with neither half tells that something unknown was deleted.
    ///
    /// A backend tells nothing of commits beside the kind, so this may wait although all was told: until the next commit of the kind, which is then the
    /// subscription's to tell.
    ///
    /// # Errors
    /// [`PastError`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn next(&mut self) -> Result<Option<Whole>, PastError> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// As [`Past::next`], for those who poll by hand.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Whole>, PastError>> {
        while self.told < self.upto {
            let item = match self.first.take() {
                Some(first) => first,
                None => match self.feed.poll_next(cx) {
                    Poll::Ready(item) => item?,
                    Poll::Pending => {
                        self.wait(cx);
                        return Poll::Pending;
                    }
                },
            };
            self.quiet = None;
            let events = self.take(item)?;
            if !events.is_empty() {
                return Poll::Ready(Ok(Some((self.told, events.into()))));
            }
        }
        Poll::Ready(Ok(None))
    }

    /// Where the view stood when the past was asked for: what comes after it is the publisher's to tell.
    pub fn upto(&self) -> Index {
        self.upto
    }

    /// Everything up to this index has been told.
    pub fn told(&self) -> Index {
        self.told.max(self.from)
    }

    /// Lets the memory go when nothing was told for long.
    fn wait(&mut self, cx: &mut Context<'_>) {
        if self.recall.is_some() {
            let seams = self.store.seams();
            let quiet = self.quiet.get_or_insert_with(|| Box::pin(seams.sleep(PATIENCE)));
            if quiet.as_mut().poll(cx).is_ready() {
                (self.recall, self.quiet) = (None, None);
            }
        }
    }

    /// What an item of the feed tells; nothing when it lies before the position asked for, or beyond the view.
    fn take(&mut self, item: FeedItem) -> Result<Vec<EntryEvent>, PastError> {
        let (after, upto, changes) = match item {
            FeedItem::Batch { after, upto, changes } => (after, upto.index, changes),
            FeedItem::Reset { why } => return Err(PastError::Lost(why)),
            FeedItem::Chunk(_) | FeedItem::Synced(_) => return Err(PastError::Lost(ResetReason::Suspect)),
        };
        let straddles = |at| after < at && at < upto;
        let core = self.store.core();
        // Where commits are told together, one that was told before, or will be told again, cannot be taken out.
        if core.backend.fidelity() != Fidelity::EveryCommit && (straddles(self.from) || straddles(self.upto))
        {
            return Err(PastError::Lost(ResetReason::Overflow));
        }
        self.told = upto.min(self.upto);
        if upto > self.upto {
            return Ok(Vec::new());
        }
        self.events(upto, &changes)
    }

    fn events(&mut self, index: Index, changes: &[RecordChange]) -> Result<Vec<EntryEvent>, PastError> {
        let mut events = Vec::new();
        self.applier.gather(self.store.core(), changes);
        for pending in self.applier.pending.drain(..) {
            if *pending.key.kind_name() != self.kind {
                continue;
            }
            let told = match &mut self.recall {
                Some(recall) => recall.change(pending, index, &mut events),
                None => Err(Forgotten),
            };
            // Of what came before the position nothing need be known.
            if told.is_err() && index > self.from {
                return Err(PastError::Lost(ResetReason::Overflow));
            }
        }
        if index <= self.from {
            events.clear();
        }
        Ok(events)
    }
}

impl Recall {
    /// Remembers a change, and tells it as the publisher would have.
    fn change(
        &mut self,
        pending: Pending,
        index: Index,
        events: &mut Vec<EntryEvent>,
    ) -> Result<(), Forgotten> {
        let Pending { key, deleted, spec, status } = pending;
        let base = self.known.get(&key).cloned();
        let next = match (&base, spec, status) {
            (Some(Some(base)), spec, status) if !deleted => Some(base.with(spec, status)),
            (None, spec, status) if !deleted && spec.as_ref().is_none_or(|spec| spec.created != index) => {
                let now = self.view.get(&key).ok_or(Forgotten)?;
                let stood = spec.or_else(|| Some(now.spec()).filter(|spec| spec.version <= index));
                let spec = stood.filter(|spec| spec.created == now.created()).ok_or(Forgotten)?;
                let status = match status.or_else(|| now.status()) {
                    Some(later) if later.created > index => None,
                    Some(later) if later.version > index => return Err(Forgotten),
                    status => status,
                };
                Some(Stored::of(spec, status, None))
            }
            (_, Some(spec), status) => Some(Stored::of(spec, status, None)),
            // A status without a spec is no entry (settled, Records).
            (_, None, _) => None,
        };
        let unknown = base.is_none();
        let old = base.flatten();
        let goes_on =
            !deleted && matches!((&old, &next), (Some(old), Some(next)) if old.created() == next.created());
        let event = |old: Option<Entry>, new| EntryEvent { key: key.clone(), old, new, index };
        let before = old.as_ref().and_then(Stored::told).cloned();
        match (before, next.clone()) {
            (Some(old), Some(Stored::Entry(new))) if goes_on => events.push(event(Some(old), Some(new))),
            (Some(_), Some(Stored::Undecodable(_))) if goes_on => {}
            (before, next) => {
                if before.is_some() || (unknown && deleted) {
                    events.push(event(before, None));
                }
                if let Some(Stored::Entry(new)) = next {
                    events.push(event(None, Some(new)));
                }
            }
        }
        self.known.insert(key, next);
        Ok(())
    }
}

impl fmt::Debug for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Past")
            .field("kind", &self.kind)
            .field("told", &self.told())
            .field("upto", &self.upto)
            .finish_non_exhaustive()
    }
}
