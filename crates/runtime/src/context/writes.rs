//! Writing: the one door.

use std::sync::atomic::Ordering;

use trimtab_backend::{Commit, Invalid, Key};
use trimtab_store::{Committed, Draft, Entry, IntoWrites, Kind, ReadError, Write, WriteError};

use super::Context;
use super::memory::Refusal;
use crate::lease_use::Tenure;

/// Writing.
impl Context {
    /// Commits writes, all at one index or none. Each is on condition of the version it was made from; under a lease, all are on condition that it is still
    /// held. What would change nothing is not sent, so a fixed point is silent.
    ///
    /// It does not wait for the feed: this run's later reads show what it wrote (behaviour C22), and the key's next run sees at least that
    /// (behaviour C17).
    ///
    /// # Errors
    /// [`WriteError`]. By `?` each does what is right: a conflict runs the key again on what is there now (behaviour C21), unavailable backs off, invalid is
    /// listed as failed. After *fenced*, *unknown* and *broken* nothing more is written in this run, and what follows from them happens whatever the
    /// reconciler returns.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the outcome open, as a lost answer does; half a commit is never left.
    #[doc(alias = "client.Update")]
    #[doc(alias = "client.Patch")]
    pub async fn commit(&self, writes: impl IntoWrites) -> Result<Commit, WriteError> {
        if let Some(refusal) = &self.memory.lock().refusal {
            return Err(refusal.error());
        }
        let committed = self.send(writes.into_writes()).await;
        let mut memory = self.memory.lock();
        match committed {
            Ok(committed) => {
                if committed.commit.is_committed() {
                    let index = committed.commit.position().index;
                    // What lies outside of the store's scope is never seen in its view, and must not be waited for.
                    let is_followed =
                        |key: &Key| !matches!(self.view.entry(key), Err(ReadError::NotFollowed(_)));
                    if committed.touched.iter().any(|touched| is_followed(touched.key())) {
                        memory.commits.push(index);
                    }
                    std::sync::Arc::make_mut(memory.own.get_or_insert_default()).lay(&committed);
                    self.has_own.store(true, Ordering::Release);
                    let own = memory.own.as_deref();
                    self.core.warn_of_owned(|| {
                        let mut now =
                            committed.touched.iter().filter_map(|touched| own?.get(touched.key())?);
                        now.any(|entry| !entry.owners().is_empty())
                    });
                }
                Ok(committed.commit)
            }
            Err(error) => {
                if let WriteError::Conflict(conflicts) = &error {
                    let found = conflicts.iter().filter_map(|conflict| conflict.found.as_ref());
                    memory.conflict = memory.conflict.max(found.map(Entry::modified).max());
                }
                // The first one stands: commits that were under way beside it end later.
                memory.refusal = memory.refusal.take().or_else(|| Refusal::of(&error));
                Err(error)
            }
        }
    }

    /// On condition of what the run stands under. Where that is a map that has changed meanwhile, and the key is still this replica's, under the new one.
    async fn send(&self, writes: Vec<Write>) -> Result<Committed, WriteError> {
        let (door, view) = (self.core.store.door(), self.view());
        let lease = self.tenure().map(Tenure::fence);
        let Some(pass) = &self.pass else { return door.commit(writes, &view, lease.as_slice()).await };
        loop {
            let (standing, unmoved) = pass.fence().ok_or(WriteError::Fenced)?;
            let fences: Vec<_> = lease.iter().cloned().chain([unmoved]).collect();
            match door.commit(writes.clone(), &view, &fences).await {
                Err(WriteError::Fenced) if pass.outlives(&standing).await => {}
                committed => return committed,
            }
        }
    }

    /// Commits any number of writes in as many transactions as the store's limits ask for, in the given order, **not** all or nothing: for hundreds of
    /// children. Safe to repeat: what is written already falls away. Gives the last commit.
    ///
    /// # Errors
    /// As [`Context::commit`]; what was committed before stays.
    pub async fn commit_in_parts(&self, writes: impl IntoWrites) -> Result<Commit, WriteError> {
        let writes = writes.into_writes();
        let mut left = &writes[..];
        let mut size = left.len().min(self.core.store.door().limits().operations);
        loop {
            let part = &left[..size.min(left.len())];
            match self.commit(part.to_vec()).await {
                Err(WriteError::Invalid(invalid)) if part.len() > 1 && is_too_large(&invalid) => {
                    size = part.len() / 2;
                }
                Err(error) => return Err(error),
                Ok(commit) => {
                    left = &left[part.len()..];
                    if left.is_empty() {
                        return Ok(commit);
                    }
                }
            }
        }
    }

    /// The writes that make these, and no others, the entries of their kind that `owner` owns: they are applied, and those that are there but not among them are
    /// deleted.
    ///
    /// # Errors
    /// [`ReadError`]: what is there cannot be told.
    pub fn owned_exactly<K: Kind>(
        &self,
        owner: &Entry,
        drafts: impl IntoIterator<Item = Draft>,
    ) -> Result<Vec<Write>, ReadError> {
        let drafts: Vec<_> = drafts.into_iter().map(|draft| draft.owned_by(owner)).collect();
        let wanted: Vec<Key> = drafts.iter().map(|draft| draft.key(owner.tenancy())).collect();
        let there = self.list::<K>().in_tenancy(owner.tenancy()).owned_by(owner).all()?;
        let surplus = there.iter().filter(|child| !wanted.contains(child.key()) && !child.is_deleting());
        let mut writes: Vec<_> = surplus.map(|child| child.delete()).collect();
        writes.extend(drafts.into_iter().map(Draft::apply));
        Ok(writes)
    }
}

fn is_too_large(invalid: &Invalid) -> bool {
    invalid.limit.is_some() && matches!(invalid.field, "operations" | "transaction")
}
