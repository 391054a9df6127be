//! The shortest backend that keeps the whole contract: a map, a list of commits, and a channel for each follower.
//!
//! It keeps every commit for ever and holds its lock while it copies a snapshot; `Memory` does neither. `tests/toy.rs` runs the
//! conformance suite on it. Run it with `cargo run -p trimtab-backend --example toy`.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FeedItem, FeedSender, FollowError, Index, Key, Operation, Part,
    Position, Record, RecordChange, ResetReason, Scope, StoreId, Transaction, conformance,
};
use trimtab_seams::Seams;

/// A store of a stranger.
pub(crate) struct Toy(Mutex<Log>);

struct Log {
    store: StoreId,
    records: BTreeMap<(Key, Part), Record>,
    commits: Vec<Vec<RecordChange>>,
    followers: Vec<Follower>,
}

struct Follower(Scope, Index, FeedSender);

impl Toy {
    pub(crate) fn new() -> Self {
        let store = StoreId::new(Seams::tokio().random_bytes());
        let (records, commits, followers) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self(Mutex::new(Log { store, records, commits, followers }))
    }
}

impl Log {
    fn head(&self) -> Position {
        Position { store: self.store, index: Index::new(self.commits.len() as u64) }
    }

    fn apply(&mut self, operation: Operation, version: Index) -> Option<RecordChange> {
        match operation {
            Operation::Put { key, part, value, .. } => {
                let at = (key.clone(), part);
                let created = self.records.get(&at).map_or(version, |record| record.created);
                let record = Record { key, part, value, created, version };
                self.records.insert(at, record.clone());
                Some(RecordChange::Put(record))
            }
            Operation::Delete { key, .. } => {
                let status = self.records.remove(&(key.clone(), Part::Status));
                let record = self.records.remove(&(key.clone(), Part::Spec)).or(status)?;
                Some(RecordChange::Delete { key, created: record.created })
            }
        }
    }
}

impl Follower {
    fn tell(&mut self, upto: Position, changes: &[RecordChange]) -> bool {
        let changes = changes.iter().filter(|change| self.0.contains(change.key())).cloned();
        let after = std::mem::replace(&mut self.1, upto.index);
        self.2.send(Ok(FeedItem::Batch { after, upto, changes: changes.collect() }))
    }
}

impl Backend for Toy {
    async fn commit(&self, transaction: Transaction) -> Result<Commit, CommitError> {
        transaction.validate(&self.limits())?;
        let mut log = self.0.lock();
        let failed = transaction.failing(|key, part| log.records.get(&(key.clone(), part)));
        if !failed.is_empty() {
            return Err(CommitError::Conflict(failed));
        }
        if transaction.operations.is_empty() {
            return Ok(Commit::Unchanged(log.head()));
        }
        let index = log.head().index.next();
        let changes: Vec<_> =
            transaction.operations.into_iter().filter_map(|operation| log.apply(operation, index)).collect();
        log.commits.push(changes.clone());
        let upto = log.head();
        log.followers.retain_mut(|follower| follower.tell(upto, &changes));
        Ok(Commit::Committed(upto))
    }

    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        let log = self.0.lock();
        let halves = keys.iter().flat_map(|key| [(key.clone(), Part::Spec), (key.clone(), Part::Status)]);
        Ok((log.head(), halves.filter_map(|half| log.records.get(&half).cloned()).collect()))
    }

    async fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        let mut log = self.0.lock();
        let head = log.head();
        let (sender, feed) = Feed::channel(log.commits.len() + 1000);
        let why = match from {
            None => Some(ResetReason::First),
            Some(from) if from.store != head.store => Some(ResetReason::OtherStore),
            Some(from) if from.index > head.index => Some(ResetReason::IndexWentBack),
            Some(_) => None,
        };
        let after = from.filter(|_| why.is_none()).unwrap_or(head).index;
        if let Some(why) = why {
            let records = log.records.values().filter(|record| scope.contains(&record.key)).cloned();
            let items = [FeedItem::Reset { why }, FeedItem::Chunk(records.collect()), FeedItem::Synced(head)];
            for item in items {
                sender.send(Ok(item));
            }
        }
        let mut follower = Follower(scope, after, sender);
        for index in after.get()..head.index.get() {
            let changes = &log.commits[usize::try_from(index).expect("a commit in memory")];
            follower.tell(Position { store: head.store, index: Index::new(index + 1) }, changes);
        }
        log.followers.push(follower);
        Ok(feed)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    match conformance::check(async || Toy::new()).await {
        Ok(report) => println!("the toy keeps the contract:\n{report}"),
        Err(violations) => violations.iter().for_each(|violation| println!("{violation}")),
    }
}
