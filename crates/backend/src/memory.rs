//! The in-memory backend: the reference that every other is compared with.
//!
//! All of it but the ease of making one is a [`RecordLog`], which a backend with a disk stands on too: what a follower is told is
//! decided in one place, and the reference cannot drift from what it is the reference for.

use std::fmt;

use trimtab_seams::Seams;

use crate::{
    Backend, Commit, CommitError, Feed, FollowError, Index, Key, Limits, Position, Record, RecordLog, Scope,
    StoreId, Transaction,
};

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
pub struct Memory(RecordLog);

impl Memory {
    /// An empty store. Its id comes from the system's random source.
    pub fn new() -> Self {
        Self::with_seams(&Seams::tokio())
    }

    /// An empty store whose id comes from the random source of these seams: the same in every run of a simulation.
    pub fn with_seams(seams: &Seams) -> Self {
        Self(RecordLog::new(StoreId::new(seams.random_bytes())))
    }

    /// The same store, keeping at least this many commits, and older ones while all of them together have at most this many bytes (of keys,
    /// values, and 128 a change). Default 1,000 and 16 MiB. A small history makes slow followers start anew.
    #[must_use]
    pub fn with_history(self, commits: usize, bytes: usize) -> Self {
        self.0.keep(commits, bytes);
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
        self.0.compact(index);
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
        transaction.validate(&self.limits())?;
        self.0.commit(transaction)
    }

    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        self.0.read(keys)
    }

    async fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        self.0.follow(scope, from)
    }

    async fn close(&self) {
        self.0.close();
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Memory").field(&self.0.head()).finish()
    }
}
