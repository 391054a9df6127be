//! The trait that every store implements.

use std::future::Future;
use std::sync::Arc;

use crate::{
    Commit, CommitError, Feed, Fidelity, FollowError, Invalid, Key, Limits, Pending, Position, Record, Scope,
    Transaction, Verdict,
};

/// A conditional log of records.
///
/// To write one: keep records by (key, part) with the index that created and the index that last wrote each; in `commit` call
/// [`Transaction::validate`], judge all conditions, apply all operations at one new index; in `follow` tell a snapshot and then each commit.
/// Then run [`conformance::check`](crate::conformance::check) on it: it holds every rule as a test. `examples/toy.rs` is a whole one.
///
/// Every future is `Send`. Dropping the future of `commit` before it answers leaves the outcome open, exactly as a lost answer does; it
/// never leaves half a transaction.
pub trait Backend: Send + Sync + 'static {
    /// How large things may be here. Provided: the portable floor.
    fn limits(&self) -> Limits {
        Limits::PORTABLE
    }

    /// Whether each commit is told by itself. Provided: it is.
    fn fidelity(&self) -> Fidelity {
        Fidelity::EveryCommit
    }

    /// Commits all of it at one index, or nothing. The outcome is a value.
    fn commit(&self, transaction: Transaction) -> impl Future<Output = Result<Commit, CommitError>> + Send;

    /// Settles an outcome that was unknown, by making sure that a transaction which has not landed never will. May itself fail, and be called
    /// again; every call gives the same verdict. [`CommitError::Invalid`] means that there will be none, for what would tell is gone; nor can the transaction
    /// land any more, so whoever asks reads what is there and decides again (contract U3). Provided: for backends that never answer [`CommitError::Unknown`], an error.
    fn resolve(&self, pending: Pending) -> impl Future<Output = Result<Verdict, CommitError>> + Send {
        drop(pending);
        async {
            Err(Invalid::new(
                "pending",
                "was not made by this backend, which never leaves an outcome unknown",
            )
            .into())
        }
    }

    /// Reads records of these entries, both halves, linearizably: after every commit that was acknowledged before the call. Absent ones are left
    /// out. With no keys: the position of the head.
    fn read(&self, keys: &[Key])
    -> impl Future<Output = Result<(Position, Vec<Record>), FollowError>> + Send;

    /// Tells a scope: from nothing, or from a kept position on. The feed begins with `Reset(First)`, chunks and `Synced`, or goes straight on
    /// with what followed `from`, or, when that can no longer be told, with a reset that says why (contract F3).
    fn follow(
        &self,
        scope: Scope,
        from: Option<Position>,
    ) -> impl Future<Output = Result<Feed, FollowError>> + Send;

    /// What is in the way at present, for people: which server, what it did or said in place of an answer, and what to do. None while it answers. An error
    /// says what it means for the asker; this says where it came from. Must not wait. Provided: nothing is told.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Finishes what is worth finishing (a checkpoint) and lets go of files and locks. Later calls answer Unavailable. Idempotent. Provided: nothing.
    fn close(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

impl<B: Backend> Backend for Arc<B> {
    fn limits(&self) -> Limits {
        (**self).limits()
    }
    fn fidelity(&self) -> Fidelity {
        (**self).fidelity()
    }
    fn commit(&self, transaction: Transaction) -> impl Future<Output = Result<Commit, CommitError>> + Send {
        (**self).commit(transaction)
    }
    fn resolve(&self, pending: Pending) -> impl Future<Output = Result<Verdict, CommitError>> + Send {
        (**self).resolve(pending)
    }
    fn read(
        &self,
        keys: &[Key],
    ) -> impl Future<Output = Result<(Position, Vec<Record>), FollowError>> + Send {
        (**self).read(keys)
    }
    fn follow(
        &self,
        scope: Scope,
        from: Option<Position>,
    ) -> impl Future<Output = Result<Feed, FollowError>> + Send {
        (**self).follow(scope, from)
    }
    fn trouble(&self) -> Option<String> {
        (**self).trouble()
    }
    fn close(&self) -> impl Future<Output = ()> + Send {
        (**self).close()
    }
}
