//! Transactions judged one after another and not yet applied.
//!
//! A group of commits shares one sync of the disk, so each must be judged on what those before it will have done, while readers and
//! followers still see none of it. What the group changes is laid over the records; undoing changes made in place after a failed sync was no
//! choice, for followers would have been told.

use std::sync::Arc;

use hashbrown::HashMap;
use trimtab_seams::HashState;

use super::records::Records;
use crate::{Index, Key, Operation, Part, Record, RecordChange};

/// Commits that are made but not applied: what [`RecordLog::stage`](crate::RecordLog::stage) fills and
/// [`RecordLog::publish`](crate::RecordLog::publish) applies. Dropping it forgets them.
#[derive(Debug)]
pub struct Staged {
    base: Index,
    commits: Vec<Arc<[RecordChange]>>,
    /// What the records will be, where that differs from what they are; `None` is gone.
    over: HashMap<(Key, Part), Option<Record>, HashState>,
}

impl Staged {
    pub(super) fn after(base: Index) -> Self {
        Self { base, commits: Vec::new(), over: HashMap::default() }
    }

    /// The commit that they follow.
    pub const fn base(&self) -> Index {
        self.base
    }

    /// The last of them; [`Staged::base`] when there is none.
    pub fn head(&self) -> Index {
        Index::new(self.base.get() + self.commits.len() as u64)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.commits.is_empty()
    }

    /// The changes of each commit, in order: that of the index after [`Staged::base`] first.
    pub fn commits(&self) -> impl Iterator<Item = (Index, &Arc<[RecordChange]>)> {
        (self.base.get() + 1..).map(Index::new).zip(&self.commits)
    }

    pub(super) fn into_commits(self) -> Vec<Arc<[RecordChange]>> {
        self.commits
    }

    /// What a record will be.
    pub(super) fn get<'a>(&'a self, records: &'a Records, key: &Key, part: Part) -> Option<&'a Record> {
        let now = || records.get(key, part);
        if self.over.is_empty() {
            return now();
        }
        self.over.get(&(key.clone(), part)).map_or_else(now, Option::as_ref)
    }

    pub(super) fn push(&mut self, records: &Records, operations: Vec<Operation>) {
        let index = self.head().next();
        let changes: Vec<_> =
            operations.into_iter().filter_map(|operation| self.change(records, operation, index)).collect();
        self.commits.push(changes.into());
    }

    fn change(&mut self, records: &Records, operation: Operation, index: Index) -> Option<RecordChange> {
        match operation {
            Operation::Put { key, part, value, .. } => {
                let created = self.get(records, &key, part).map_or(index, |before| before.created);
                let record = Record { key, part, value, created, version: index };
                self.over.insert((record.key.clone(), part), Some(record.clone()));
                Some(RecordChange::Put(record))
            }
            Operation::Delete { key, .. } => {
                let spec = self.get(records, &key, Part::Spec).map(|spec| spec.created);
                let status = self.get(records, &key, Part::Status).map(|_| Index::ZERO);
                let created = spec.or(status)?;
                for part in [Part::Spec, Part::Status] {
                    self.over.insert((key.clone(), part), None);
                }
                Some(RecordChange::Delete { key, created })
            }
        }
    }
}
