//! A backend whose type is forgotten.
//!
//! [`Backend`] is pleasant to implement and therefore not object safe. What stands on it should not be generic over it, or every
//! function that takes a store would be. One box a call is lost beside a sync of the disk or a trip over the network.

use std::fmt;
use std::sync::Arc;

use trimtab_seams::BoxFuture;

use crate::{
    Backend, Commit, CommitError, Feed, Fidelity, FollowError, Key, Limits, Pending, Position, Record, Scope,
    Transaction, Verdict,
};

/// Any backend. Cheap to clone.
///
/// ```
/// use trimtab_backend::{AnyBackend, Backend, Limits, Memory};
///
/// let chosen_at_run_time = AnyBackend::new(Memory::new());
/// assert_eq!(chosen_at_run_time.limits(), Limits::PORTABLE);
/// ```
#[derive(Clone)]
pub struct AnyBackend(Arc<dyn Erased>);

trait Erased: Send + Sync {
    fn limits(&self) -> Limits;
    fn fidelity(&self) -> Fidelity;
    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<Commit, CommitError>>;
    fn resolve(&self, pending: Pending) -> BoxFuture<'_, Result<Verdict, CommitError>>;
    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<(Position, Vec<Record>), FollowError>>;
    fn follow(&self, scope: Scope, from: Option<Position>) -> BoxFuture<'_, Result<Feed, FollowError>>;
    fn trouble(&self) -> Option<String>;
    fn close(&self) -> BoxFuture<'_, ()>;
}

impl<B: Backend> Erased for B {
    fn limits(&self) -> Limits {
        Backend::limits(self)
    }
    fn fidelity(&self) -> Fidelity {
        Backend::fidelity(self)
    }
    fn commit(&self, transaction: Transaction) -> BoxFuture<'_, Result<Commit, CommitError>> {
        Box::pin(Backend::commit(self, transaction))
    }
    fn resolve(&self, pending: Pending) -> BoxFuture<'_, Result<Verdict, CommitError>> {
        Box::pin(Backend::resolve(self, pending))
    }
    fn read<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<(Position, Vec<Record>), FollowError>> {
        Box::pin(Backend::read(self, keys))
    }
    fn follow(&self, scope: Scope, from: Option<Position>) -> BoxFuture<'_, Result<Feed, FollowError>> {
        Box::pin(Backend::follow(self, scope, from))
    }
    fn trouble(&self) -> Option<String> {
        Backend::trouble(self)
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(Backend::close(self))
    }
}

impl AnyBackend {
    /// Forgets the type.
    pub fn new(backend: impl Backend) -> Self {
        Self(Arc::new(backend))
    }
}

impl Backend for AnyBackend {
    fn limits(&self) -> Limits {
        self.0.limits()
    }
    fn fidelity(&self) -> Fidelity {
        self.0.fidelity()
    }
    fn commit(&self, transaction: Transaction) -> impl Future<Output = Result<Commit, CommitError>> + Send {
        self.0.commit(transaction)
    }
    fn resolve(&self, pending: Pending) -> impl Future<Output = Result<Verdict, CommitError>> + Send {
        self.0.resolve(pending)
    }
    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        self.0.read(keys).await
    }
    fn follow(
        &self,
        scope: Scope,
        from: Option<Position>,
    ) -> impl Future<Output = Result<Feed, FollowError>> + Send {
        self.0.follow(scope, from)
    }
    fn trouble(&self) -> Option<String> {
        self.0.trouble()
    }
    fn close(&self) -> impl Future<Output = ()> + Send {
        self.0.close()
    }
}

impl fmt::Debug for AnyBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyBackend")
    }
}
