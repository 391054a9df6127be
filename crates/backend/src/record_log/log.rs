//! Everything that stands under the one lock.

use std::sync::Arc;
use std::task::{Poll, Waker};

use super::followers::{Follower, Followers, Stage, Walk};
use super::history::History;
use super::records::{Halves, Records};
use crate::{
    FeedItem, FollowError, Index, Key, Operation, Part, Position, Record, RecordChange, ResetReason, Scope,
    StoreId,
};

#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) records: Records,
    pub(super) history: History,
    pub(super) followers: Followers,
    pub(super) closed: bool,
}

/// What a look at the log gives a follower, and a waker that the caller drops once the lock is free: dropping it may drop a task, and
/// with it another follower.
pub(super) type Told = (Poll<Result<FeedItem, FollowError>>, Option<Waker>);

impl Log {
    /// An empty one whose next commit is the one after `index`.
    pub(super) fn starting_after(index: Index) -> Self {
        Self { history: History::starting_after(index), ..Self::default() }
    }

    /// Applies all operations at the next index. Gives the index and whom to wake.
    pub(super) fn append(&mut self, operations: Vec<Operation>) -> (Index, Vec<Waker>) {
        let index = self.history.head().next();
        let changes: Vec<_> =
            operations.into_iter().filter_map(|operation| self.apply(operation, index)).collect();
        let changes: Arc<[RecordChange]> = changes.into();
        let woken = self.followers.concerned_by(index, &changes);
        self.history.push(changes);
        (index, woken)
    }

    /// Applies the changes of the next commit. Gives whom to wake.
    pub(super) fn publish(&mut self, changes: Arc<[RecordChange]>) -> Vec<Waker> {
        for change in &*changes {
            match change {
                RecordChange::Put(record) => {
                    self.put(record.clone());
                }
                RecordChange::Delete { key, .. } => {
                    self.delete(key);
                }
            }
        }
        let woken = self.followers.concerned_by(self.history.head().next(), &changes);
        self.history.push(changes);
        woken
    }

    /// What it changes: nothing when it deletes an entry that is not there.
    fn apply(&mut self, operation: Operation, index: Index) -> Option<RecordChange> {
        match operation {
            Operation::Put { key, part, value, .. } => {
                let record = Record { key, part, value, created: index, version: index };
                Some(RecordChange::Put(self.put(record)))
            }
            Operation::Delete { key, .. } => {
                let created = self.delete(&key)?;
                Some(RecordChange::Delete { key, created })
            }
        }
    }

    /// Writes a record; gives it with the index that began its life.
    fn put(&mut self, record: Record) -> Record {
        let (record, before, page) = self.records.put(record);
        self.followers.save(page, before.as_ref(), &self.history);
        record
    }

    /// Removes both halves, if one is there; gives the index that had begun the life of the spec, zero when it has none.
    fn delete(&mut self, key: &Key) -> Option<Index> {
        let (halves, page) = self.records.remove(key)?;
        halves.records().for_each(|record| self.followers.save(page, Some(record), &self.history));
        Some(halves.spec.as_ref().map_or(Index::ZERO, |spec| spec.created))
    }

    /// Both halves of each of these entries, as far as they are there.
    pub(super) fn read(&self, keys: &[Key]) -> Vec<Record> {
        let both = |key| [Part::Spec, Part::Status].map(|part| self.records.get(key, part));
        keys.iter().flat_map(both).flatten().cloned().collect()
    }

    /// Adds a follower: it goes on after `from`, or is told why it cannot.
    pub(super) fn follow(&mut self, store: StoreId, scope: Scope, from: Option<Position>) -> usize {
        let stage = match from {
            None => Stage::Resetting(ResetReason::First),
            Some(from) if from.store != store => Stage::Resetting(ResetReason::OtherStore),
            Some(from) if from.index > self.history.head() => Stage::Resetting(ResetReason::IndexWentBack),
            Some(Position { index, .. }) if !self.history.reaches_back_to(index) => {
                Stage::Resetting(ResetReason::Compacted)
            }
            Some(Position { index, .. }) => Stage::Following { seen: index, told: index },
        };
        self.followers.add(Follower { scope, stage, waker: None, overtaken: 0 })
    }

    /// What a follower is to be told next.
    pub(super) fn poll(&mut self, id: usize, store: StoreId, waker: &Waker) -> Told {
        let Self { records, history, followers, closed } = self;
        let Some(follower) = followers.get_mut(id).filter(|_| !*closed) else {
            return (Poll::Ready(Err(FollowError::UNREACHABLE)), None);
        };
        let at = |index| Position { store, index };
        let next = match &mut follower.stage {
            Stage::Resetting(why) => {
                let item = FeedItem::Reset { why: *why };
                Next::Enter(item, Stage::Walking(Walk::begin(history.head())))
            }
            Stage::Walking(walk) if !history.reaches_back_to(walk.at) => {
                follower.overtaken += 1;
                Next::Lost(history.loss_of(walk.at))
            }
            Stage::Walking(walk) => {
                if let Some(chunk) = walk.step(records, &follower.scope, follower.overtaken) {
                    Next::Tell(FeedItem::Chunk(chunk))
                } else {
                    let index = walk.at;
                    follower.overtaken = 0;
                    Next::Enter(FeedItem::Synced(at(index)), Stage::Following { seen: index, told: index })
                }
            }
            Stage::Following { seen, .. } if follower.waker.is_some() => {
                *seen = history.head();
                Next::Wait
            }
            Stage::Following { seen, told } => match concerning(history, seen, &follower.scope) {
                Ok(Some(changes)) => {
                    let after = std::mem::replace(told, *seen);
                    Next::Tell(FeedItem::Batch { after, upto: at(*seen), changes })
                }
                Ok(None) => Next::Wait,
                Err(why) => Next::Lost(why),
            },
        };
        match next {
            Next::Tell(item) => (Poll::Ready(Ok(item)), None),
            Next::Enter(item, stage) => {
                followers.enter(id, stage);
                (Poll::Ready(Ok(item)), None)
            }
            Next::Lost(why) => {
                followers.enter(id, Stage::Walking(Walk::begin(history.head())));
                (Poll::Ready(Ok(FeedItem::Reset { why })), None)
            }
            Next::Wait => {
                let stale = follower.waker.take_if(|known| !known.will_wake(waker));
                follower.waker.get_or_insert_with(|| waker.clone());
                (Poll::Pending, stale)
            }
        }
    }
}

enum Next {
    Tell(FeedItem),
    Enter(FeedItem, Stage),
    Lost(ResetReason),
    Wait,
}

/// The next changes after `seen` that lie in the scope; moves `seen` to their commit, or to the head when there are none. The commit's own
/// allocation is shared when all of it lies in the scope. One that changed nothing is progress for everybody.
fn concerning(
    history: &History,
    seen: &mut Index,
    scope: &Scope,
) -> Result<Option<Arc<[RecordChange]>>, ResetReason> {
    while let Some(changes) = history.after(*seen)? {
        *seen = seen.next();
        let concerns = |change: &&RecordChange| scope.contains(change.key());
        match changes.iter().filter(concerns).count() {
            0 if !changes.is_empty() => {}
            all if all == changes.len() => return Ok(Some(Arc::clone(changes))),
            _ => return Ok(Some(changes.iter().filter(concerns).cloned().collect())),
        }
    }
    Ok(None)
}

impl Walk {
    /// The records of the next pages that have some in the scope, as they were at `at`; `None` after the last.
    fn step(&mut self, records: &Records, scope: &Scope, overtaken: u32) -> Option<Vec<Record>> {
        let last = self.next_page.saturating_add(1_usize.checked_shl(overtaken).unwrap_or(usize::MAX));
        let mut chunk = std::mem::take(&mut self.saved);
        while self.next_page < last || chunk.is_empty() {
            let Some(page) = records.page(self.next_page) else { break };
            self.next_page += 1;
            let told = page.flat_map(Halves::records);
            chunk.extend(
                told.filter(|record| record.version <= self.at && scope.contains(&record.key)).cloned(),
            );
        }
        if chunk.is_empty() { None } else { Some(chunk) }
    }
}
