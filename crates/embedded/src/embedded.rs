//! The backend itself: a handle to an open store.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;
use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FollowError, Invalid, Key, Limits, Pending, Position, Record, Scope,
    Transaction, Verdict,
};

use crate::core::Core;
use crate::group::{InFlight, Lead, Request, unknown};
use crate::{EmbeddedBuilder, OpenError};

/// A durable store in a directory of one process. Clones are handles to the same store.
///
/// An acknowledged commit survives kill -9 and the loss of power, also while the store is being opened again (behaviour E8, guarantee S-a). All
/// records are in memory; a commit costs one write and one sync of the disk, and those that come while it syncs share the next one. Every commit is told
/// to followers by itself, once it is durable.
///
/// **When the disk fails.** Without space a commit answers `Unavailable` with [`Why::Full`](trimtab_backend::Why::Full); it was not applied, and
/// the store goes on when there is space again. After a failed sync those in flight get `Unknown` and every later one `Broken`, until the process is
/// started anew and has read what there is. Reading and following go on in both.
///
/// Needs an executor (tokio's, unless told otherwise) for what goes on beside the caller. On a multi-threaded one a commit that syncs lets the other
/// tasks of its thread move away first.
#[derive(Clone)]
pub struct Embedded {
    core: Arc<Core>,
    limits: Limits,
}

impl Embedded {
    /// Opens a directory with the defaults; makes it when it is not there. Reads all of it into memory, on this thread.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing is lost or changed by trying.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        Self::builder(path).open()
    }

    /// What can be set before it is opened.
    pub fn builder(path: impl Into<PathBuf>) -> EmbeddedBuilder {
        EmbeddedBuilder::new(path.into())
    }

    pub(crate) const fn new(core: Arc<Core>, limits: Limits) -> Self {
        Self { core, limits }
    }

    #[cfg(test)]
    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    /// Adds a request, and leads when nobody does.
    fn request(&self, request: Request) {
        if self.core.queue().join(request) {
            Lead::new(&self.core).lead();
        }
    }
}

/// Cancel safe. A commit whose future is dropped before it was first polled never happens; dropped later it happens or not, as after a lost answer,
/// and holds up no other.
impl Backend for Embedded {
    fn limits(&self) -> Limits {
        self.limits
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, CommitError> {
        transaction.validate(&self.limits)?;
        let (answer, answered) = oneshot::channel();
        self.request(Request::Commit { transaction, answer });
        answered.await.unwrap_or_else(|_| Err(unknown()))
    }

    /// Outcomes are unknown only after a failed sync. What became of them is read when the store is opened again, so in this process the answer is
    /// always [`CommitError::Broken`].
    async fn resolve(&self, pending: Pending) -> Result<Verdict, CommitError> {
        match pending.ticket::<InFlight>() {
            Some(_) => Err(self.core.broken_error()),
            None => Err(Invalid::new("pending", "was not made by this store").into()),
        }
    }

    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        self.core.records().read(keys)
    }

    async fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        self.core.records().follow(scope, from)
    }

    /// Writes what waits, makes a checkpoint, and lets go of the files and of the directory.
    async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        self.request(Request::Close { answer });
        // Dropped only by a panic, and then there is nothing left to wait for.
        _ = answered.await;
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Embedded").field(&self.core.records().head()).finish()
    }
}
