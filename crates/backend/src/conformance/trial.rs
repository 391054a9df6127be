//! A store of its own for one test, and the few words that tests speak in.

use std::sync::Arc;

use trimtab_seams::Seams;

use super::case::{Outcome, Stop, ensure, violated};
use super::hooks::Hooks;
use super::view::Follower;
use crate::{
    Backend, Check, Commit, CommitError, Expect, Fidelity, Index, Invalid, Key, Operation, Part, Position,
    Record, Scope, Transaction,
};

/// The kind that tests write to.
pub(super) const KIND: &str = "conformance";

pub(super) struct Trial<'a, B> {
    pub(super) store: Arc<B>,
    pub(super) hooks: &'a Hooks<'a, B>,
    pub(super) seams: &'a Seams,
}

pub(super) fn key(name: &str) -> Key {
    Key::new(KIND, name)
}

pub(super) fn scope() -> Scope {
    Scope::Kind(KIND.into())
}

pub(super) fn put(key: &Key, value: &str, expect: Expect) -> Operation {
    write(key, Part::Spec, value.as_bytes().to_vec(), expect)
}

pub(super) fn put_status(key: &Key, value: &str, expect: Expect) -> Operation {
    write(key, Part::Status, value.as_bytes().to_vec(), expect)
}

pub(super) fn write(key: &Key, part: Part, value: Vec<u8>, expect: Expect) -> Operation {
    Operation::Put { key: key.clone(), part, value: value.into(), expect }
}

pub(super) fn delete(key: &Key, expect: Expect) -> Operation {
    Operation::Delete { key: key.clone(), expect }
}

pub(super) fn check_spec(key: &Key, expect: Expect) -> Check {
    Check { key: key.clone(), part: Part::Spec, expect }
}

impl<'a, B: Backend> Trial<'a, B> {
    pub(super) async fn new(hooks: &'a Hooks<'a, B>, seams: &'a Seams) -> Self {
        Self::over(hooks.fresh.fresh().await, hooks, seams)
    }

    /// A trial over this store.
    pub(super) fn over(store: B, hooks: &'a Hooks<'a, B>, seams: &'a Seams) -> Self {
        Self { store: Arc::new(store), hooks, seams }
    }

    pub(super) fn every_commit(&self) -> bool {
        self.store.fidelity() == Fidelity::EveryCommit
    }

    /// Commits and demands that it goes well.
    pub(super) async fn commit(&self, transaction: Transaction) -> Result<Position, Stop> {
        match self.store.commit(transaction).await {
            Ok(Commit::Committed(position)) => Ok(position),
            other => Err(violated("a commit", other)),
        }
    }

    /// Commits these operations and demands that it goes well.
    pub(super) async fn run(
        &self,
        operations: impl IntoIterator<Item = Operation>,
    ) -> Result<Position, Stop> {
        self.commit(Transaction::of(operations)).await
    }

    /// Writes a spec without a condition; gives its version.
    pub(super) async fn set(&self, key: &Key, value: &str) -> Result<Index, Stop> {
        Ok(self.run([put(key, value, Expect::Anything)]).await?.index)
    }

    /// Demands that a transaction conflicts on exactly this half.
    pub(super) async fn conflicts_on(&self, key: &Key, part: Part, transaction: Transaction) -> Outcome {
        let answer = self.store.commit(transaction).await;
        let named = matches!(&answer, Err(CommitError::Conflict(failed))
            if failed.iter().any(|failed| failed.key == *key && failed.part == part));
        ensure(named, format_args!("a conflict on {key} ({part:?})"), answer)
    }

    /// Demands that a transaction is invalid, and gives what the error says.
    pub(super) async fn invalid(&self, transaction: Transaction) -> Result<Invalid, Stop> {
        match self.store.commit(transaction).await {
            Err(CommitError::Invalid(invalid)) => Ok(invalid),
            other => Err(violated("an invalid transaction", other)),
        }
    }

    /// The head of the history.
    pub(super) async fn head(&self) -> Result<Position, Stop> {
        Ok(self.read(&[]).await?.0)
    }

    pub(super) async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), Stop> {
        self.store.read(keys).await.map_err(|error| violated("an answer to a read", error))
    }

    /// One half of an entry as it is now.
    pub(super) async fn find(&self, key: &Key, part: Part) -> Result<Option<Record>, Stop> {
        let (_, records) = self.read(std::slice::from_ref(key)).await?;
        Ok(records.into_iter().find(|record| record.part == part))
    }

    /// Follows the suite's kind.
    pub(super) async fn follow(&self, from: Option<Position>) -> Result<Follower, Stop> {
        self.follow_scope(scope(), from).await
    }

    pub(super) async fn follow_scope(&self, scope: Scope, from: Option<Position>) -> Result<Follower, Stop> {
        let feed = self.store.follow(scope, from).await;
        let feed = feed.map_err(|error| violated("a feed", error))?;
        Ok(Follower::new(feed, from, self.every_commit()))
    }

    /// Demands that a follower's view is what a read of these entries gives.
    pub(super) async fn agrees(&self, follower: &Follower, keys: &[Key]) -> Outcome {
        let (_, mut records) = self.read(keys).await?;
        records.sort_by(|a, b| (&a.key, a.part).cmp(&(&b.key, b.part)));
        let view: Vec<_> = follower.view.values().cloned().collect();
        ensure(view == records, format_args!("the view to hold {records:?}"), view)
    }
}
