//! A store on a simulated disk, driven without an executor.

use std::sync::Arc;

use tokio::sync::oneshot;
use trimtab_backend::{Commit, CommitError, Expect, Index, Key, Operation, Part, Record, Transaction};
use trimtab_seams::{BoxFuture, Seams, Seeded, Spawn};

use super::sim_disk::SimDisk;
use crate::OpenError;
use crate::core::Core;
use crate::group::{Lead, Request};
use crate::open::{Settings, open};

/// Runs blocking work where it is asked for, so that a checkpoint comes between the commits that it comes between.
#[derive(Debug)]
struct InPlace;

impl Spawn for InPlace {
    fn spawn(&self, _: &'static str, task: BoxFuture<'static, ()>) {
        // The only task is the one that leads on; dropping it does the same.
        drop(task);
    }

    fn spawn_blocking(&self, _: &'static str, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

/// A history of eight commits and a checkpoint every 2 KiB, so that both come often.
pub(super) const SMALL: Settings = Settings { history_commits: 8, history_bytes: 0, checkpoint_bytes: 2048 };

fn seams(seed: u64) -> Seams {
    Seams::tokio().with_random(Seeded::new(seed))
}

pub(super) fn open_on(disk: &SimDisk, settings: Settings) -> Result<Arc<Core>, OpenError> {
    open_with(disk, settings, seams(11))
}

/// As [`open_on`], with a clock of one's own.
pub(super) fn open_with(disk: &SimDisk, settings: Settings, seams: Seams) -> Result<Arc<Core>, OpenError> {
    open(Arc::new(disk.clone()), None, settings, seams.with_spawn(InPlace))
}

/// Commits transactions as one group and gives the answers.
pub(super) fn commit_together(
    core: &Arc<Core>,
    transactions: impl IntoIterator<Item = Transaction>,
) -> Vec<Result<Commit, CommitError>> {
    let mut leads = false;
    let mut answers = Vec::new();
    for transaction in transactions {
        let (answer, answered) = oneshot::channel();
        leads |= core.queue().join(Request::Commit { transaction, answer });
        answers.push(answered);
    }
    if leads {
        Lead::new(core).lead();
    }
    answers.into_iter().map(|mut answer| answer.try_recv().expect("the group was led to its end")).collect()
}

pub(super) fn commit(core: &Arc<Core>, transaction: Transaction) -> Result<Commit, CommitError> {
    commit_together(core, [transaction]).remove(0)
}

pub(super) fn close(core: &Arc<Core>) {
    let (answer, _answered) = oneshot::channel();
    if core.queue().join(Request::Close { answer }) {
        Lead::new(core).lead();
    }
}

pub(super) fn key(number: u64) -> Key {
    Key::new("site", &format!("site-{number}"))
}

/// A blind put of a spec.
pub(super) fn put(number: u64, value: impl Into<Vec<u8>>) -> Transaction {
    let value = value.into().into();
    Transaction::of([Operation::Put { key: key(number), part: Part::Spec, value, expect: Expect::Anything }])
}

pub(super) fn head(core: &Core) -> Index {
    core.records().head().index
}

/// All records of the first entries.
pub(super) fn records(core: &Core, entries: u64) -> Vec<Record> {
    let keys: Vec<_> = (0..entries).map(key).collect();
    core.records().read(&keys).expect("open").1
}
