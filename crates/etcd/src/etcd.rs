//! The backend itself: a handle to a store in etcd.

use std::fmt;
use std::sync::Arc;

use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FollowError, Key, Limits, Pending, Position, Record, Scope,
    Transaction, Verdict,
};

use crate::core::Core;
use crate::pending::{Ticket, foreign};
use crate::{ConnectError, EtcdBuilder};

/// A store in etcd, below a prefix. Clones are handles to the same store.
///
/// A commit is one etcd transaction; a feed is one watch. Positions are etcd's revisions.
///
/// **When an answer is lost** a commit answers `Unknown`, and `resolve` settles it for good: it takes the lane away from the transaction, which
/// then can no longer commit, or finds that it has. **When a server goes away** the next one is asked. **Without a quorum** commits answer `Unavailable`
/// (certainly not applied) or `Unknown`, never `Committed`, within the time for a request; feeds end within seconds.
///
/// Needs a tokio runtime.
#[derive(Clone)]
pub struct Etcd(Arc<Core>);

impl Etcd {
    /// Opens the store below the prefix `trimtab` with the defaults. Endpoints are addresses of members, such as `http://10.0.0.7:2379`.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect<E: Into<String>>(
        endpoints: impl IntoIterator<Item = E>,
    ) -> Result<Self, ConnectError> {
        Self::builder(endpoints).connect().await
    }

    /// What can be set before it is opened: TLS, user, prefix, times.
    pub fn builder<E: Into<String>>(endpoints: impl IntoIterator<Item = E>) -> EtcdBuilder {
        EtcdBuilder::new(endpoints.into_iter().map(Into::into).collect())
    }

    /// The prefix that the store lies below.
    pub fn prefix(&self) -> &str {
        self.0.layout().root()
    }

    pub(crate) fn new(core: Core) -> Self {
        Self(Arc::new(core))
    }

    #[cfg(test)]
    pub(crate) fn core(&self) -> &Core {
        &self.0
    }
}

/// Cancel safe: a commit whose future is dropped happens or not, as after a lost answer, and holds up no other.
impl Backend for Etcd {
    fn limits(&self) -> Limits {
        *self.0.limits()
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, CommitError> {
        transaction.validate(self.0.limits())?;
        self.0.open()?;
        self.0.commit(&transaction).await
    }

    async fn resolve(&self, pending: Pending) -> Result<Verdict, CommitError> {
        let ticket = pending.ticket::<Ticket>().ok_or_else(foreign)?;
        self.0.open()?;
        ticket.resolve(&self.0).await
    }

    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        self.0.open().map_err(|_| FollowError::UNREACHABLE)?;
        self.0.read(keys).await
    }

    async fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        self.0.open().map_err(|_| FollowError::UNREACHABLE)?;
        crate::follow::follow(&self.0, scope, from).await
    }

    fn trouble(&self) -> Option<String> {
        self.0.servers().trouble()
    }

    /// Ends all feeds and removes the lanes of this process.
    async fn close(&self) {
        self.0.close().await;
    }
}

impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Etcd").field(&self.0.identity().store).finish()
    }
}
