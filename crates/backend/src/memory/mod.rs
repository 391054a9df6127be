//! The in-memory backend: the reference that every other is compared with.
//!
//! Records, history and followers stand under one lock, and a commit makes one allocation for its changes, which history and followers
//! share. A channel for each follower was no choice: the writer would pay for every one of them, and a slow one would have to be cut off
//! by a bound on items rather than on bytes. A lock for each part was none either: a commit must change all of them at once.

mod followers;
mod history;
mod log;
mod records;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use parking_lot::Mutex;
use trimtab_seams::Seams;

use crate::{
    Backend, Commit, CommitError, Feed, FeedItem, FollowError, Index, Key, Limits, Position, Record, Scope,
    StoreId, Transaction, Why,
};
use log::Log;

/// A store that lives and dies with the process. Clones are handles to the same store.
///
/// Keeps at least the last 1,000 commits for followers, and older ones while all of them together have at most 16 MiB. A follower that falls out
/// of that is told `Reset(Overflow)` and then, on the same feed, the whole scope anew; one that comes with an older position `Reset(Compacted)`.
///
/// Every commit is told by itself, no outcome is ever unknown, and its limits are the portable floor, so that what runs on it fits every store.
/// Nothing here waits: a commit holds the lock for about as long as an update of a hash map takes, a snapshot for a thousand entries at a time.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use trimtab_backend::{Backend, Expect, FeedItem, Key, Memory, Operation, Part, Scope, Transaction};
///
/// let memory = Memory::new();
/// let mut feed = memory.follow(Scope::Kind("site".into()), None).await?;
/// let (key, value) = (Key::new("site", "blog"), "{}".into());
/// let put = Operation::Put { key, part: Part::Spec, value, expect: Expect::Absent };
/// let commit = memory.commit(Transaction::of([put])).await?;
///
/// assert!(matches!(feed.next().await?, FeedItem::Reset { .. }));
/// assert!(matches!(feed.next().await?, FeedItem::Chunk(records) if records.len() == 1));
/// assert_eq!(feed.next().await?, FeedItem::Synced(commit.position()));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Memory(Arc<Shared>);

struct Shared {
    store: StoreId,
    log: Mutex<Log>,
}

impl Memory {
    /// An empty store. Its id comes from the system's random source.
    pub fn new() -> Self {
        Self::with_seams(&Seams::tokio())
    }

    /// An empty store whose id comes from the random source of these seams: the same in every run of a simulation.
    pub fn with_seams(seams: &Seams) -> Self {
        let store = StoreId::new(seams.random_bytes());
        Self(Arc::new(Shared { store, log: Mutex::default() }))
    }

    /// The same store, keeping at least this many commits, and older ones while all of them together have at most this many bytes (of keys,
    /// values, and 128 a change). Default 1,000 and 16 MiB. A small history makes slow followers start anew.
    #[must_use]
    pub fn with_history(self, commits: usize, bytes: usize) -> Self {
        self.0.log.lock().history.keep(commits, bytes);
        self
    }

    /// The same store, keeping every commit. For tests: it grows for ever.
    #[must_use]
    pub fn with_full_history(self) -> Self {
        self.with_history(usize::MAX, usize::MAX)
    }

    /// Forgets the commits up to `index`, as a server does that compacts its history: following from before it is answered with
    /// `Reset(Compacted)`, from `index` itself it goes on. For tests.
    pub fn compact(&self, index: Index) {
        self.0.log.lock().history.compact(index);
    }

    fn position(&self, index: Index) -> Position {
        Position { store: self.0.store, index }
    }

    fn commit_now(&self, transaction: Transaction) -> Result<Commit, CommitError> {
        transaction.validate(&self.limits())?;
        let (index, woken) = {
            let mut log = self.0.log.lock();
            if log.closed {
                return Err(CommitError::Unavailable { why: Why::Unreachable, retry_after: None });
            }
            let failed = log.failed(&transaction);
            if !failed.is_empty() {
                return Err(CommitError::Conflict(failed));
            }
            if transaction.operations.is_empty() {
                return Ok(Commit::Unchanged(self.position(log.history.head())));
            }
            log.append(transaction.operations)
        };
        woken.into_iter().for_each(Waker::wake);
        Ok(Commit::Committed(self.position(index)))
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// Cancel safe: no future of it waits, so each call has happened whole or not at all.
impl Backend for Memory {
    fn limits(&self) -> Limits {
        Limits::PORTABLE
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, CommitError> {
        self.commit_now(transaction)
    }

    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        let log = self.0.log.lock();
        if log.closed {
            return Err(FollowError::UNREACHABLE);
        }
        Ok((self.position(log.history.head()), log.read(keys)))
    }

    async fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        let mut log = self.0.log.lock();
        if log.closed {
            return Err(FollowError::UNREACHABLE);
        }
        let id = log.follow(self.0.store, scope, from);
        Ok(Feed::new(Following { shared: Arc::clone(&self.0), id }))
    }

    async fn close(&self) {
        let woken = {
            let mut log = self.0.log.lock();
            log.closed = true;
            log.followers.wakers()
        };
        woken.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Memory").field(&self.position(self.0.log.lock().history.head())).finish()
    }
}

/// The reading end of one follower.
struct Following {
    shared: Arc<Shared>,
    id: usize,
}

impl Stream for Following {
    type Item = Result<FeedItem, FollowError>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (told, stale) = self.shared.log.lock().poll(self.id, self.shared.store, cx.waker());
        drop(stale);
        told.map(Some)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let follower = self.shared.log.lock().followers.remove(self.id);
        drop(follower);
    }
}
