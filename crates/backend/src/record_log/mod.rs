//! The part of a backend that stands in memory: the records, the last commits, and who follows them.
//!
//! Records, history and followers stand under one lock, and a commit makes one allocation for its changes, which history and followers
//! share. A channel for each follower was no choice: the writer would pay for every one of them, and a slow one would have to be cut off
//! by a bound on items rather than on bytes. A lock for each part was none either: a commit must change all of them at once.
//!
//! A backend that must write elsewhere before it tells anybody uses it in two steps: [`RecordLog::stage`] judges transactions one after
//! another as if those before had been applied, and [`RecordLog::publish`] applies them all once they are safe.

mod followers;
mod following;
mod history;
mod log;
mod records;
mod staged;

use std::fmt;
use std::sync::Arc;
use std::task::Waker;

use parking_lot::Mutex;

use crate::{
    Commit, CommitError, Feed, FollowError, Index, Key, Position, Record, RecordChange, Scope, StoreId,
    Transaction, Why,
};
use following::Following;
use log::Log;
pub use staged::Staged;

/// The records of a store and its last commits, ready to be read, changed and followed. Clones are handles to the same one.
///
/// For authors of backends that hold all records in memory: [`Memory`](crate::Memory) is one of these and nothing else, the embedded store adds
/// a disk. Keeps at least the last 1,000 commits for followers, and older ones while all together have at most 16 MiB, see [`RecordLog::keep`].
///
/// Nothing here waits: a commit holds the lock for about as long as an update of a hash map takes, a snapshot for a thousand entries at a time.
///
/// ```
/// use trimtab_backend::{Expect, Key, Operation, Part, RecordLog, StoreId, Transaction};
///
/// let log = RecordLog::new(StoreId::new([7; 16]));
/// let put = Operation::Put { key: Key::new("site", "blog"), part: Part::Spec, value: "{}".into(), expect: Expect::Absent };
///
/// let mut staged = log.begin();
/// assert!(log.stage(&mut staged, Transaction::of([put.clone()])).is_ok());
/// assert!(log.stage(&mut staged, Transaction::of([put])).is_err(), "judged after the one before it");
/// assert_eq!(log.head().index.get(), 0, "nobody sees it yet");
/// log.publish(staged);
/// assert_eq!(log.head().index.get(), 1);
/// ```
#[derive(Clone)]
pub struct RecordLog(Arc<Shared>);

struct Shared {
    store: StoreId,
    log: Mutex<Log>,
}

impl RecordLog {
    /// An empty one at index zero.
    pub fn new(store: StoreId) -> Self {
        Self(Arc::new(Shared { store, log: Mutex::default() }))
    }

    /// One as it was: the records at an index, and commits without a gap. Those up to `at` are only kept for followers, those after it are
    /// applied too. `first` is the index of the first commit, or the one after `at` when there is none. Every commit is kept until
    /// [`RecordLog::keep`] says otherwise.
    ///
    /// # Errors
    /// The first error of either source.
    pub fn restore<E>(
        store: StoreId,
        at: Index,
        records: impl IntoIterator<Item = Result<Record, E>>,
        first: Index,
        commits: impl IntoIterator<Item = Result<Arc<[RecordChange]>, E>>,
    ) -> Result<Self, E> {
        let mut log = Log::starting_after(Index::new(first.get().saturating_sub(1)));
        for record in records {
            log.records.put(record?);
        }
        for changes in commits {
            if log.history.head() < at {
                log.history.push(changes?);
            } else {
                log.publish(changes?);
            }
        }
        Ok(Self(Arc::new(Shared { store, log: Mutex::new(log) })))
    }

    /// Keeps at least this many commits, and older ones while all of them together have at most this many bytes (of keys, values, and 128 a
    /// change).
    pub fn keep(&self, commits: usize, bytes: usize) {
        self.0.log.lock().history.keep(commits, bytes);
    }

    /// Forgets the commits up to `index`.
    pub fn compact(&self, index: Index) {
        self.0.log.lock().history.compact(index);
    }

    /// The last commit.
    pub fn head(&self) -> Position {
        self.position(self.0.log.lock().history.head())
    }

    /// The last commit that is no longer kept for followers: one can follow from here, and from any later position.
    pub fn floor(&self) -> Index {
        self.0.log.lock().history.floor()
    }

    /// Judges a transaction and applies it.
    ///
    /// # Errors
    /// [`CommitError::Conflict`]; [`CommitError::Unavailable`] once closed. The transaction is taken as valid: see [`Transaction::validate`].
    pub fn commit(&self, transaction: Transaction) -> Result<Commit, CommitError> {
        let (index, woken) = {
            let mut log = self.0.log.lock();
            if log.closed {
                return Err(CLOSED);
            }
            let failed = transaction.failing(|key, part| log.records.get(key, part));
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

    /// Begins to stage transactions after the last commit.
    pub fn begin(&self) -> Staged {
        Staged::after(self.0.log.lock().history.head())
    }

    /// Judges a transaction as if all that is staged had been applied, and stages it. The answer holds once that is published.
    ///
    /// # Errors
    /// As [`RecordLog::commit`]. What was refused is not staged.
    pub fn stage(&self, staged: &mut Staged, transaction: Transaction) -> Result<Commit, CommitError> {
        let log = self.0.log.lock();
        if log.closed {
            return Err(CLOSED);
        }
        let failed = transaction.failing(|key, part| staged.get(&log.records, key, part));
        if !failed.is_empty() {
            return Err(CommitError::Conflict(failed));
        }
        if transaction.operations.is_empty() {
            return Ok(Commit::Unchanged(self.position(staged.head())));
        }
        staged.push(&log.records, transaction.operations);
        Ok(Commit::Committed(self.position(staged.head())))
    }

    /// Applies all that is staged and tells the followers.
    ///
    /// # Panics
    /// When something else was committed since [`RecordLog::begin`].
    pub fn publish(&self, staged: Staged) {
        let mut woken = Vec::new();
        {
            let mut log = self.0.log.lock();
            assert_eq!(log.history.head(), staged.base(), "what is staged must follow the last commit");
            for changes in staged.into_commits() {
                woken.extend(log.publish(changes));
            }
        }
        woken.into_iter().for_each(Waker::wake);
    }

    /// Both halves of each of these entries, as far as they are there, and the position of the head.
    ///
    /// # Errors
    /// [`FollowError::UNREACHABLE`] once closed.
    pub fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        let log = self.0.log.lock();
        if log.closed {
            return Err(FollowError::UNREACHABLE);
        }
        Ok((self.position(log.history.head()), log.read(keys)))
    }

    /// Follows a scope, from nothing or from a position on.
    ///
    /// # Errors
    /// [`FollowError::UNREACHABLE`] once closed.
    pub fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        let mut log = self.0.log.lock();
        if log.closed {
            return Err(FollowError::UNREACHABLE);
        }
        let id = log.follow(self.0.store, scope, from);
        Ok(Feed::new(Following::new(&self.0, id)))
    }

    /// Refuses everything from now on and ends all feeds. Idempotent.
    pub fn close(&self) {
        let woken = {
            let mut log = self.0.log.lock();
            log.closed = true;
            log.followers.wakers()
        };
        woken.into_iter().for_each(Waker::wake);
    }

    fn position(&self, index: Index) -> Position {
        Position { store: self.0.store, index }
    }
}

const CLOSED: CommitError = CommitError::Unavailable { why: Why::Unreachable, retry_after: None };

impl fmt::Debug for RecordLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecordLog").field(&self.head()).finish()
    }
}
