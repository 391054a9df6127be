//! From a transaction to its outcome.

use bytes::Bytes;
use trimtab_backend::{
    Commit, CommitError, Invalid, KindName, Operation, Pending, Position, Transaction, Verdict, Why,
};

use crate::compose::{Composed, MOST_OPERATIONS, Refused, trouble};
use crate::core::{CLOSED, Core, foreign_ticket};
use crate::lanes::{CommitRecord, Lane, LaneRecord, Settled, Ticket};
use crate::listing::Listing;
use crate::open::unreadable;
use crate::wire::{Op, OpError, Trouble};

/// Lanes are lost when they stood still for long, or when an older store was put back: seldom twice in a row.
const TRIES: usize = 4;

impl Core {
    /// Commits a transaction that is valid.
    pub(crate) async fn commit(&self, transaction: &Transaction) -> Result<Commit, CommitError> {
        if self.is_closed() {
            return Err(CLOSED);
        }
        if transaction.operations.is_empty() {
            return self.check(transaction).await;
        }
        let began = async {
            self.mark_kinds(transaction).await?;
            Ok(self.lanes.turn().await)
        };
        let _turn = self.in_time(began).await?;
        for _ in 0..TRIES {
            let mut lane = self.in_time(self.lane()).await?;
            let (id, flags) = self.commit_id();
            let ticket = lane.begin(id);
            let composed = Composed::commit(&self.layout, transaction, &ticket, flags, self.settings.carried);
            if composed.operations.len() > MOST_OPERATIONS {
                lane.refused();
                let (limit, actual) = (MOST_OPERATIONS as u64, composed.operations.len() as u64);
                return Err(Invalid::above(
                    "operations",
                    "operations of Consul in one transaction",
                    limit,
                    actual,
                )
                .into());
            }
            let answer = match self.write(&composed.operations, false).await {
                Ok(answer) => answer,
                Err(Trouble::Open(what)) => {
                    tracing::debug!(lane = lane.name(), %what, "the outcome of a commit is open");
                    return Err(CommitError::Unknown(Pending::new(ticket)));
                }
                Err(certain) => {
                    lane.refused();
                    return Err(certain.of_a_repeatable_write());
                }
            };
            if answer.errors.is_empty() {
                let key = self.layout.lane(lane.name());
                let Some(at) = answer.results.iter().find(|entry| entry.key == key) else {
                    return Err(CommitError::Unknown(Pending::new(ticket)));
                };
                let position = self.position(at.modified);
                let settled = Settled { verdict: Verdict::Committed(position), lane_at: position.index };
                lane.settled(ticket.settle(settled));
                return Ok(Commit::Committed(position));
            }
            lane.refused();
            match composed.refused(transaction, &answer.errors) {
                Refused::Told(error) => return Err(error),
                Refused::Lane => lane.lose(),
            }
        }
        Err(CommitError::Unavailable { why: Why::Busy, retry_after: None })
    }

    /// What goes before a transaction has as much time as the transaction itself, and no more. Given up half-way it leaves nothing in doubt.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, CommitError>>) -> Result<T, CommitError> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.seams.sleep(self.settings.timeout) => {
                Err(CommitError::Unavailable { why: Why::Busy, retry_after: None })
            }
        }
    }

    /// Judges checks without writing.
    async fn check(&self, transaction: &Transaction) -> Result<Commit, CommitError> {
        let composed = Composed::checks(&self.layout, transaction);
        // The state of the lanes comes last, so that the numbers of the conditions are those of the operations.
        let mut operations = composed.operations.clone();
        operations.push(Op::Tree(self.layout.lanes()));
        if operations.len() > MOST_OPERATIONS {
            let (limit, actual) = (MOST_OPERATIONS as u64, operations.len() as u64);
            return Err(Invalid::above("checks", "checks in one transaction", limit, actual).into());
        }
        let answer = self.txn("/v1/txn?consistent", &operations, true).await;
        let answer = answer.map_err(Trouble::of_a_repeatable_write)?;
        if !answer.errors.is_empty() {
            return Err(match composed.refused(transaction, &answer.errors) {
                Refused::Told(error) => error,
                Refused::Lane => CommitError::Unavailable { why: Why::Busy, retry_after: None },
            });
        }
        let listing = Listing::of(&self.layout, &answer.results);
        let what = unreadable(&self.layout.lanes());
        let listing = listing.ok_or(CommitError::Denied { what })?;
        Ok(Commit::Unchanged(self.position(listing.head())))
    }

    /// A lane with nothing open: one of those at hand, or a new one.
    async fn lane(&self) -> Result<Lane, CommitError> {
        while let Some(mut lane) = self.lanes.take() {
            let Some(open) = lane.open().cloned() else { return Ok(lane) };
            match self.settle(&open).await {
                Ok(settled) => {
                    lane.settled(settled);
                    return Ok(lane);
                }
                Err(error @ CommitError::Unavailable { .. }) => return Err(error),
                Err(_) => lane.lose(),
            }
        }
        self.open_lane().await
    }

    /// Writes the key of a new lane, while the store is still the one it was: no guard is an absence.
    async fn open_lane(&self) -> Result<Lane, CommitError> {
        let store = self.store();
        let (name, (id, _)) = (self.lanes.name(), self.commit_id());
        let key = self.layout.lane(&name);
        let record = LaneRecord { number: 0, id, aborted: false };
        let operations = [
            Op::CheckIndex { key: self.layout.meta(), index: store.at.get() },
            Op::Cas { key: key.clone(), index: 0, flags: 0, value: record.encode() },
        ];
        // Not repeatable: a second one would conflict with the first. A lane that may have been made is left behind, and removed in time.
        let answer = self.write(&operations, false).await.map_err(Trouble::of_a_repeatable_write)?;
        match answer.results.iter().find(|entry| entry.key == key) {
            Some(made) => Ok(self.lanes.opened(name, made.modified)),
            None => Err(self.replaced(&answer.errors).await),
        }
    }

    /// Writes the sentinels of the kinds that this process writes to for the first time. One that is there already is not touched by it.
    async fn mark_kinds(&self, transaction: &Transaction) -> Result<(), CommitError> {
        let unmarked: Vec<KindName> = {
            let marked = self.marked().lock();
            let mut kinds: Vec<_> = transaction
                .operations
                .iter()
                .filter(|operation| matches!(operation, Operation::Put { .. }))
                .map(|operation| operation.key().kind_name())
                .filter(|kind| !marked.contains(*kind))
                .cloned()
                .collect();
            kinds.sort();
            kinds.dedup();
            kinds
        };
        if unmarked.is_empty() {
            return Ok(());
        }
        self.mark(&unmarked).await?;
        self.marked().lock().extend(unmarked);
        Ok(())
    }

    /// Writes sentinels, while the store is still the one it was.
    pub(crate) async fn mark(&self, kinds: &[KindName]) -> Result<(), CommitError> {
        let unchanged = Op::CheckIndex { key: self.layout.meta(), index: self.store().at.get() };
        let set = |kind| Op::Set { key: self.layout.sentinel(kind), flags: 0, value: Bytes::new() };
        for kinds in kinds.chunks(MOST_OPERATIONS - 1) {
            let operations: Vec<_> = [unchanged.clone()].into_iter().chain(kinds.iter().map(set)).collect();
            let answer = self.write(&operations, true).await.map_err(Trouble::of_a_repeatable_write)?;
            if !answer.errors.is_empty() {
                return Err(self.replaced(&answer.errors).await);
            }
        }
        Ok(())
    }

    /// The error of a write that found another store at the address, or a right missing. What a transaction was decided on is gone with the store it was read
    /// from.
    async fn replaced(&self, errors: &[OpError]) -> CommitError {
        if let Some(trouble) = errors.iter().find_map(|error| trouble(&error.what)) {
            return trouble;
        }
        match self.open().await {
            Ok(()) => CommitError::Unavailable { why: Why::Busy, retry_after: None },
            Err(error) => error.as_commit(),
        }
    }

    /// What became of a transaction: its lane is moved on under its guard, and then it has landed or never will (contract U2).
    pub(crate) async fn resolve(&self, pending: &Pending) -> Result<Verdict, CommitError> {
        let ticket = pending.ticket::<Ticket>().ok_or_else(foreign_ticket)?;
        Ok(self.settle(ticket).await?.verdict)
    }

    async fn settle(&self, ticket: &Ticket) -> Result<Settled, CommitError> {
        if let Some(settled) = ticket.settled() {
            return Ok(settled);
        }
        if self.is_closed() {
            return Err(CLOSED);
        }
        let lane = LaneRecord { number: ticket.record().number, id: self.commit_id().0, aborted: true };
        let record = CommitRecord { lane, changes: Vec::new() };
        let composed = Composed::guarded(&self.layout, ticket, &record);
        // Sent twice it conflicts with itself, and the lane tells.
        let answer = self.write(&composed.operations, true).await.map_err(Trouble::of_a_repeatable_write)?;
        let key = self.layout.lane(ticket.lane());
        if let Some(moved) = answer.results.iter().find(|entry| entry.key == key) {
            let settled = Settled { verdict: Verdict::Never, lane_at: moved.modified };
            return Ok(ticket.settle(settled));
        }
        if let Some(trouble) = answer.errors.iter().find_map(|error| trouble(&error.what)) {
            return Err(trouble);
        }
        self.look(ticket, &key).await
    }

    /// What the lane says after it refused to be moved on.
    async fn look(&self, ticket: &Ticket, key: &str) -> Result<Settled, CommitError> {
        let found = self.read(&[Op::Get(key.into())]).await.map_err(as_commit)?;
        let found = found.results.into_iter().find(|entry| entry.key == key);
        let Some(found) = found else {
            return Err(CommitError::Denied { what: unreadable(key) });
        };
        let at: Position = self.position(found.modified);
        let told = LaneRecord::decode(&found.value).and_then(|record| ticket.judge(&record, at));
        let told = told.map(|settled| ticket.settle(settled));
        // Who takes the lane next settles it too, and may have moved it on since.
        told.or_else(|| ticket.settled()).ok_or_else(|| {
            let what = "cannot be settled: its lane was removed after it had stood still for long, or an older copy of the store was put back; read the entries and decide again";
            Invalid::new("pending", what).into()
        })
    }
}

/// A failed read on the way to an outcome.
fn as_commit(error: trimtab_backend::FollowError) -> CommitError {
    use trimtab_backend::FollowError;
    match error {
        FollowError::Unavailable { why, retry_after } => CommitError::Unavailable { why, retry_after },
        FollowError::Denied { what } => CommitError::Denied { what },
        FollowError::Invalid(invalid) => invalid.into(),
        FollowError::Broken { what } => CommitError::Broken { what },
        other => CommitError::Broken { what: other.to_string() },
    }
}
