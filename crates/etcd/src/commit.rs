//! Committing one transaction.

use bytes::Bytes;
use trimtab_backend::{Commit, CommitError, FollowError, Key, Operation, Transaction, Why};

use crate::answer::{Answer, unavailable};
use crate::core::Core;
use crate::identity::Identity;
use crate::lanes::{Mark, Taken, seconds};
use crate::pending::{Ticket, Trace};
use crate::proto::{Compare, RangeRequest};
use crate::transaction::{Refused, refused, request, revision};

/// How a try ended that is not an error.
#[derive(Debug)]
pub(crate) enum Attempt {
    Done(Commit),
    /// Not applied: what was not asked for, but put in as a guard, no longer holds. Another try may do.
    Stale,
    /// Not applied: there is no space for a put.
    Full,
}

/// How often to try again when a guard of our own no longer holds.
const TRIES: u32 = 5;

impl Core {
    pub(crate) async fn commit(&self, transaction: &Transaction) -> Result<Commit, CommitError> {
        if transaction.operations.is_empty() {
            return self.check(transaction).await;
        }
        for _ in 0..TRIES {
            let id = u128::from_be_bytes(self.servers().seams().random_bytes());
            let mark = Mark { id, at: seconds(self.servers()) };
            match self.attempt(transaction, Trace::Mark(mark)).await? {
                Attempt::Done(commit) => return Ok(commit),
                Attempt::Full if only_deletes(transaction) => {
                    return self.delete_without_space(transaction).await;
                }
                Attempt::Full => return Err(unavailable(Why::Full)),
                // Somebody removed our lane: another will do.
                Attempt::Stale => {}
            }
        }
        Err(unavailable(Why::Busy))
    }

    /// Checks alone: nothing is written, so the outcome is never unknown.
    async fn check(&self, transaction: &Transaction) -> Result<Commit, CommitError> {
        let identity = self.identity();
        let answer = self.servers().repeatable(request(self.layout(), transaction, &identity, None)).await;
        let response = answer.map_err(Answer::into_commit_error)?;
        if response.succeeded {
            return Ok(Commit::Unchanged(identity.position(response.revision())));
        }
        let Refused { failed, same_store, .. } = refused(transaction, &identity, None, response);
        if same_store { Err(CommitError::Conflict(failed)) } else { Err(self.other_store().await) }
    }

    /// A mark in the lane is a put, which a store without space refuses like any other. So what only deletes goes without, on the condition that
    /// what it deletes is still what is there now: it falsifies that by committing, so it commits once at most.
    async fn delete_without_space(&self, transaction: &Transaction) -> Result<Commit, CommitError> {
        let keys: Vec<Key> = transaction.operations.iter().map(|operation| operation.key().clone()).collect();
        for _ in 0..TRIES {
            let (_, records) = self.read(&keys).await.map_err(not_read)?;
            let guard = |record: &trimtab_backend::Record| {
                (self.layout().record(&record.key, record.part), revision(record.version))
            };
            let guards = records.iter().map(guard).collect();
            match self.attempt(transaction, Trace::Gone(guards)).await? {
                Attempt::Done(commit) => return Ok(commit),
                Attempt::Full => return Err(unavailable(Why::Full)),
                Attempt::Stale => {}
            }
        }
        Err(unavailable(Why::Busy))
    }

    pub(crate) async fn attempt(
        &self,
        transaction: &Transaction,
        trace: Trace,
    ) -> Result<Attempt, CommitError> {
        let identity = self.identity();
        let taken = match self.lanes().take(self.servers(), self.layout()).await {
            Err(Answer::Full) => return Ok(Attempt::Full),
            taken => taken.map_err(Answer::into_commit_error)?,
        };
        let (mark, guards): (_, &[(Bytes, i64)]) = match &trace {
            Trace::Mark(mark) => (Some(*mark), &[]),
            Trace::Gone(guards) => (None, guards),
        };
        let mut request = request(self.layout(), transaction, &identity, Some((&taken.lane, mark)));
        request.compare.extend(guards.iter().map(|(key, at)| Compare::written_at(key.clone(), *at)));
        match self.servers().write(request).await {
            Ok(response) if response.succeeded => {
                let at = response.revision();
                if mark.is_some() {
                    taken.moved_to(at);
                } else {
                    taken.unmoved();
                }
                Ok(Attempt::Done(Commit::Committed(identity.position(at))))
            }
            Ok(response) => {
                let refused = refused(transaction, &identity, Some(&taken.lane), response);
                self.judge(refused, taken, &trace).await
            }
            Err(answer @ (Answer::Open(_) | Answer::NotEtcd(_) | Answer::TooLarge | Answer::Compacted)) => {
                tracing::debug!(?answer, "the outcome of a commit is unknown");
                Err(Ticket::unknown(self, identity, taken.in_doubt(), trace))
            }
            Err(Answer::Full) => self.full(identity, taken, trace).await,
            Err(answer) => {
                taken.unmoved();
                Err(answer.into_commit_error())
            }
        }
    }

    async fn judge(&self, refused: Refused, taken: Taken<'_>, trace: &Trace) -> Result<Attempt, CommitError> {
        let Refused { failed, same_store, lane_stands } = refused;
        if lane_stands {
            taken.unmoved();
        } else {
            self.lanes().forget();
        }
        if !same_store {
            Err(self.other_store().await)
        } else if !failed.is_empty() {
            Err(CommitError::Conflict(failed))
        } else if lane_stands && matches!(trace, Trace::Mark(_)) {
            let what = "it refused a transaction whose conditions hold, by its own account".into();
            Err(CommitError::Broken { what })
        } else {
            Ok(Attempt::Stale)
        }
    }

    /// The server says that it has no space. It says so too of the write that crosses the quota, and that one it applies; it answers after
    /// applying, so the lane tells what it did.
    async fn full(&self, identity: Identity, taken: Taken<'_>, trace: Trace) -> Result<Attempt, CommitError> {
        let Trace::Mark(mark) = trace else {
            // Nothing was put.
            taken.unmoved();
            return Ok(Attempt::Full);
        };
        let found = self.servers().range(RangeRequest::of(taken.lane.key.clone())).await;
        match found.as_ref().map(|found| found.kvs.first()) {
            Ok(Some(lane)) if lane.mod_revision == taken.lane.version => {
                taken.unmoved();
                Ok(Attempt::Full)
            }
            Ok(Some(lane)) if mark.is_on(lane) => {
                let at = lane.mod_revision;
                taken.moved_to(at);
                Ok(Attempt::Done(Commit::Committed(identity.position(at))))
            }
            _ => Err(Ticket::unknown(self, identity, taken.in_doubt(), trace)),
        }
    }

    /// The address leads to another store than before. Nothing was written there; what follows will be told.
    async fn other_store(&self) -> CommitError {
        match self.look().await {
            Ok(_) => unavailable(Why::Busy),
            Err(error) => not_read(error),
        }
    }
}

fn only_deletes(transaction: &Transaction) -> bool {
    transaction.operations.iter().all(|operation| matches!(operation, Operation::Delete { .. }))
}

/// A commit that was not sent, because what it needs to know could not be read.
fn not_read(error: FollowError) -> CommitError {
    match error {
        FollowError::Unavailable { why, retry_after } => CommitError::Unavailable { why, retry_after },
        FollowError::Denied { what } => CommitError::Denied { what },
        FollowError::Broken { what } => CommitError::Broken { what },
        FollowError::Invalid(invalid) => invalid.into(),
        _ => unavailable(Why::Unreachable),
    }
}
