//! What must be found after a crash: every acknowledged commit, at its index, and of the rest only whole commits that were in flight.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use trimtab_backend::{
    Commit, CommitError, Expect, FeedItem, Index, Key, Operation, Part, Position, Record, RecordChange,
    Scope, StoreId, Transaction, Why,
};
use trimtab_seams::{Random, Seeded};

use super::store::key;
use crate::core::Core;

pub(super) const ENTRIES: u64 = 6;

/// The history as far as it is known from outside.
#[derive(Debug, Default)]
pub(super) struct CrashModel {
    store: Option<StoreId>,
    records: BTreeMap<(Key, Part), Record>,
    head: u64,
    /// What was answered as unknown and may still be found.
    in_flight: Vec<Transaction>,
    stamps: u64,
}

impl CrashModel {
    /// A transaction that nobody else makes: its puts carry a stamp.
    pub(super) fn transaction(&mut self, chance: &Seeded) -> Transaction {
        self.stamps += 1;
        let draw = |below: u64| chance.next_u64() % below;
        let first = draw(ENTRIES);
        let mut operations = Vec::new();
        for offset in 0..=draw(3) {
            let key = key((first + offset) % ENTRIES);
            let part = if draw(3) == 0 { Part::Status } else { Part::Spec };
            let version = |part| self.records.get(&(key.clone(), part)).map(|record| record.version);
            let expect = if draw(2) == 0 {
                version(part).map_or(Expect::Absent, Expect::At)
            } else {
                Expect::Anything
            };
            // The stamp is always put by the first operation, so that no two transactions are alike.
            operations.push(if offset > 0 && draw(4) == 0 {
                Operation::Delete { key, expect: Expect::Anything }
            } else {
                let mut value = format!("{}\n", self.stamps).into_bytes();
                value.resize(value.len() + usize::try_from(draw(900)).expect("small"), b'.');
                Operation::Put { key, part, value: value.into(), expect }
            });
        }
        Transaction::of(operations)
    }

    /// Notes the answers that a group got, in its order.
    pub(super) fn answered(
        &mut self,
        group: Vec<Transaction>,
        answers: Vec<Result<Commit, CommitError>>,
    ) -> Result<(), String> {
        for (transaction, answer) in group.into_iter().zip(answers) {
            match answer {
                Ok(Commit::Committed(position)) if position.index.get() == self.head + 1 => {
                    self.apply(&transaction);
                }
                Err(CommitError::Unknown(_)) => self.in_flight.push(transaction),
                Err(
                    CommitError::Conflict(_)
                    | CommitError::Broken { .. }
                    | CommitError::Unavailable { why: Why::Full, .. },
                ) => {}
                other => return Err(format!("after commit {} the answer was {other:?}", self.head)),
            }
        }
        Ok(())
    }

    fn apply(&mut self, transaction: &Transaction) {
        self.head += 1;
        let index = Index::new(self.head);
        for operation in &transaction.operations {
            match operation.clone() {
                Operation::Put { key, part, value, .. } => {
                    let before = self.records.get(&(key.clone(), part));
                    let created = before.map_or(index, |before| before.created);
                    let record = Record { key: key.clone(), part, value, created, version: index };
                    self.records.insert((key, part), record);
                }
                Operation::Delete { key, .. } => {
                    for part in [Part::Spec, Part::Status] {
                        self.records.remove(&(key.clone(), part));
                    }
                }
            }
        }
    }

    /// Whether these are the changes of this transaction, all of them and no others. A delete of what is not there changes nothing.
    fn is(&self, transaction: &Transaction, changes: &[RecordChange]) -> bool {
        let there = |key: &Key| {
            [Part::Spec, Part::Status].into_iter().any(|part| self.records.contains_key(&(key.clone(), part)))
        };
        let told = |operation: &&Operation| match operation {
            Operation::Put { .. } => true,
            Operation::Delete { key, .. } => there(key),
        };
        let expected: Vec<_> = transaction.operations.iter().filter(told).collect();
        expected.len() == changes.len()
            && expected.into_iter().zip(changes).all(|(operation, change)| match (operation, change) {
                (Operation::Put { key, part, value, .. }, RecordChange::Put(record)) => {
                    (key, part, value) == (&record.key, &record.part, &record.value)
                }
                (Operation::Delete { key, .. }, RecordChange::Delete { key: gone, .. }) => key == gone,
                _ => false,
            })
    }

    /// Compares an opened store with what must be there, and learns which of those in flight are.
    pub(super) fn verify(&mut self, core: &Arc<Core>) -> Result<(), String> {
        let Position { store, index } = core.records().head();
        let known = *self.store.get_or_insert(store);
        if self.head > 0 && known != store {
            return Err(format!("store {known:?} became {store:?}"));
        }
        self.store = Some(store);
        if index.get() < self.head {
            return Err(format!("commit {} was acknowledged, the store is at {index}", self.head));
        }
        for changes in commits_after(core, self.head, index)? {
            let found = self.in_flight.iter().position(|transaction| self.is(transaction, &changes));
            let Some(found) = found else {
                return Err(format!(
                    "commit {} is no transaction that was in flight: {changes:?}",
                    self.head + 1
                ));
            };
            let transaction = self.in_flight.remove(found);
            self.apply(&transaction);
        }
        self.in_flight.clear();
        let keys: Vec<_> = (0..ENTRIES).map(key).collect();
        let (_, found) = core.records().read(&keys).map_err(|error| error.to_string())?;
        let found: BTreeMap<_, _> =
            found.into_iter().map(|record| ((record.key.clone(), record.part), record)).collect();
        if found == self.records {
            Ok(())
        } else {
            Err(format!("at {index} the records are {found:?} and should be {:?}", self.records))
        }
    }
}

/// The commits after an index, as a follower is told them.
fn commits_after(core: &Core, after: u64, upto: Index) -> Result<Vec<Arc<[RecordChange]>>, String> {
    let position = Position { store: core.records().head().store, index: Index::new(after) };
    let mut feed = core.records().follow(Scope::All, Some(position)).map_err(|error| error.to_string())?;
    let mut commits = Vec::new();
    while after + (commits.len() as u64) < upto.get() {
        match feed.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(FeedItem::Batch { changes, .. })) => commits.push(changes),
            other => return Err(format!("following from {after} gave {other:?}")),
        }
    }
    Ok(commits)
}
