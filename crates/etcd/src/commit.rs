//! Committing one transaction.

use trimtab_backend::{Commit, CommitError, Operation, Transaction, Why};

use crate::answer::{Answer, unavailable};
use crate::core::Core;
use crate::identity::Identity;
use crate::lanes::{Mark, Taken, seconds};
use crate::pending::{Ticket, Trace};
use crate::proto::RangeRequest;
use crate::transaction::{LaneWrite, Refused, refused, request};

impl Core {
    pub(crate) async fn commit(&self, transaction: &Transaction) -> Result<Commit, CommitError> {
        if transaction.operations.is_empty() {
            return self.check(transaction).await;
        }
        loop {
            let id = u128::from_be_bytes(self.servers().seams().random_bytes());
            let mark = Mark { id, at: seconds(self.servers()) };
            match self.attempt(transaction, Trace::Marks(mark)).await? {
                Attempt::Done(commit) => return Ok(commit),
                // Somebody removed our lane: another will do.
                Attempt::LaneGone => {}
                // A put into the lane is refused like any other: what only deletes removes its lane instead.
                Attempt::Full if only_deletes(transaction) => {
                    return match self.attempt(transaction, Trace::Removes).await? {
                        Attempt::Done(commit) => Ok(commit),
                        Attempt::LaneGone | Attempt::Full => Err(unavailable(Why::Full)),
                    };
                }
                Attempt::Full => return Err(unavailable(Why::Full)),
            }
        }
    }

    /// Checks alone: nothing is written, so the outcome is never unknown.
    async fn check(&self, transaction: &Transaction) -> Result<Commit, CommitError> {
        let identity = self.identity();
        let answer = self.servers().repeatable(request(self.layout(), transaction, identity, None)).await;
        let response = answer.map_err(Answer::into_commit_error)?;
        if response.succeeded {
            return Ok(Commit::Unchanged(identity.position(response.revision())));
        }
        let Refused { failed, same_store, .. } = refused(transaction, identity, None, response);
        if same_store { Err(CommitError::Conflict(failed)) } else { Err(self.other_store().await) }
    }

    async fn attempt(&self, transaction: &Transaction, trace: Trace) -> Result<Attempt, CommitError> {
        let identity = self.identity();
        let taken =
            self.lanes().take(self.servers(), self.layout()).await.map_err(Answer::into_commit_error)?;
        let then = match &trace {
            Trace::Marks(mark) => LaneWrite::Mark(mark),
            Trace::Removes => LaneWrite::Remove,
        };
        let request = request(self.layout(), transaction, identity, Some((&taken.lane, then)));
        match self.servers().write(request).await {
            Ok(response) if response.succeeded => {
                let at = response.revision();
                if let Trace::Marks(_) = trace {
                    taken.moved_to(at);
                }
                Ok(Attempt::Done(Commit::Committed(identity.position(at))))
            }
            Ok(response) => {
                let refused = refused(transaction, identity, Some(&taken.lane), response);
                self.judge(refused, taken).await
            }
            Err(Answer::Open(what)) => {
                tracing::debug!(what, "the outcome of a commit is unknown");
                Err(Ticket::unknown(self, identity, taken.in_doubt(), trace))
            }
            Err(Answer::NotEtcd(_) | Answer::TooLarge | Answer::Compacted) => {
                Err(Ticket::unknown(self, identity, taken.in_doubt(), trace))
            }
            Err(Answer::Full) => self.full(identity, taken, trace).await,
            Err(answer) => {
                taken.unmoved();
                Err(answer.into_commit_error())
            }
        }
    }

    async fn judge(&self, refused: Refused, taken: Taken<'_>) -> Result<Attempt, CommitError> {
        let Refused { failed, same_store, lane_stands } = refused;
        if lane_stands {
            taken.unmoved();
        }
        if !same_store {
            Err(self.other_store().await)
        } else if !failed.is_empty() {
            Err(CommitError::Conflict(failed))
        } else if lane_stands {
            let what = "it refused a transaction whose conditions hold, by its own account".into();
            Err(CommitError::Broken { what })
        } else {
            Ok(Attempt::LaneGone)
        }
    }

    /// The server says that it has no space. It says so too of the write that crosses the quota, and that one it applies; it answers after
    /// applying, so the lane tells what it did.
    async fn full(&self, identity: Identity, taken: Taken<'_>, trace: Trace) -> Result<Attempt, CommitError> {
        let found = self.servers().range(RangeRequest::of(taken.lane.key.clone())).await;
        let Ok(found) = found else {
            return Err(Ticket::unknown(self, identity, taken.in_doubt(), trace));
        };
        match (found.kvs.first(), trace) {
            (Some(lane), _) if lane.mod_revision == taken.lane.version => {
                taken.unmoved();
                Ok(Attempt::Full)
            }
            (Some(lane), Trace::Marks(mark)) if mark.is_on(lane) => {
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
            Err(trimtab_backend::FollowError::Broken { what }) => CommitError::Broken { what },
            Err(_) => unavailable(Why::Unreachable),
        }
    }
}

/// How a try ended that is not an error.
enum Attempt {
    Done(Commit),
    /// Not applied: the lane is no longer there.
    LaneGone,
    /// Not applied: there is no space for a put.
    Full,
}

fn only_deletes(transaction: &Transaction) -> bool {
    transaction.operations.iter().all(|operation| matches!(operation, Operation::Delete { .. }))
}
