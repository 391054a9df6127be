//! The backend itself: a handle to a store in Consul.

use std::fmt;
use std::sync::Arc;

use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FollowError, Key, Limits, Pending, Position, Record, Scope,
    Transaction, Verdict,
};

use crate::core::Core;
use crate::follow::follow;
use crate::{ConnectError, ConsulBuilder};

/// A store in Consul's key-value store. Clones are handles to the same store.
///
/// A commit is one transaction of Consul, under all its conditions and under the guard of a lane of this process; so an outcome that was lost can always be settled, and
/// a write that was settled as never happened does not land later. Every commit of Trimtab is told to followers by itself; what others write past it is found by
/// comparing, once a minute unless told otherwise.
///
/// Needs an executor (tokio's) for its connections and feeds.
#[derive(Clone)]
pub struct Consul(Arc<Core>);

impl Consul {
    /// Connects with the defaults, to any of these endpoints: `http://127.0.0.1:8500`, or `https://` for TLS under the system's authorities.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(
        endpoints: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, ConnectError> {
        Self::builder(endpoints).connect().await
    }

    /// What can be set before connecting.
    pub fn builder(endpoints: impl IntoIterator<Item = impl Into<String>>) -> ConsulBuilder {
        ConsulBuilder::new(endpoints.into_iter().map(Into::into).collect())
    }

    /// Where the store lies, without slashes at its ends.
    pub fn prefix(&self) -> &str {
        self.0.layout.prefix()
    }

    pub(crate) fn new(core: Core) -> Self {
        Self(Arc::new(core))
    }
}

/// Cancel safe. A commit whose future is dropped happens or not, as after a lost answer; its lane settles that before it is used again.
impl Backend for Consul {
    fn limits(&self) -> Limits {
        self.0.settings.limits
    }

    async fn commit(&self, transaction: Transaction) -> Result<Commit, CommitError> {
        transaction.validate(&self.limits())?;
        self.0.commit(&transaction).await
    }

    async fn resolve(&self, pending: Pending) -> Result<Verdict, CommitError> {
        self.0.resolve(&pending).await
    }

    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        self.0.find(keys).await
    }

    async fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        if self.0.is_closed() {
            return Err(FollowError::UNREACHABLE);
        }
        Ok(follow(&self.0, scope, from))
    }

    fn trouble(&self) -> Option<String> {
        self.0.client.trouble()
    }

    /// Ends all feeds and closes the connections.
    async fn close(&self) {
        self.0.close();
    }
}

impl fmt::Debug for Consul {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Consul").field(&self.0.client).field(&self.0.layout.root()).finish()
    }
}
