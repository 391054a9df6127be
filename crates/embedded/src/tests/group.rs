//! Those who commit together: judged one after another, written at once, none of them stranded.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::oneshot;
use trimtab_backend::{
    Backend, Check, Commit, CommitError, Expect, FeedItem, FollowError, Found, Index, Limits, Operation,
    Part, RecordChange, Scope, Transaction, Why,
};
use trimtab_seams::{BoxFuture, Seams, Spawn, virtual_time};

use super::sim_disk::SimDisk;
use super::store::{SMALL, close, commit, commit_together, head, key, open_on, put, records};
use crate::Embedded;
use crate::group::{Lead, Request};

fn create(number: u64, value: &'static str) -> Transaction {
    let value = value.into();
    Transaction::of([Operation::Put { key: key(number), part: Part::Spec, value, expect: Expect::Absent }])
}

fn checks(number: u64, expect: Expect) -> Transaction {
    Transaction::default().checking(Check { key: key(number), part: Part::Spec, expect })
}

fn index(answer: &Result<Commit, CommitError>) -> Option<u64> {
    answer.as_ref().ok().map(|commit| commit.position().index.get())
}

/// behaviour E2, E3
#[test]
fn a_group_is_judged_one_after_another_and_each_has_an_index_of_its_own() {
    let core = open_on(&SimDisk::new(1), SMALL).expect("a new store");
    let at_first = Expect::At(Index::new(1));
    let answers = commit_together(
        &core,
        [
            create(0, "first"),
            create(0, "second"),
            checks(0, at_first),
            put(1, "third"),
            checks(0, Expect::Absent),
        ],
    );
    assert_eq!(index(&answers[0]), Some(1));
    let Err(CommitError::Conflict(failed)) = &answers[1] else { panic!("{answers:?}") };
    assert!(matches!(&failed[0].found, Found::Record(record) if record.value == "first"), "{failed:?}");
    assert!(
        matches!(answers[2], Ok(Commit::Unchanged(position)) if position.index.get() == 1),
        "{answers:?}"
    );
    assert_eq!(index(&answers[3]), Some(2));
    assert!(matches!(answers[4], Err(CommitError::Conflict(_))), "{answers:?}");

    let mut feed = core
        .records()
        .follow(Scope::All, Some(trimtab_backend::Position { index: Index::ZERO, ..core.records().head() }))
        .expect("open");
    for expected in 1..=2 {
        let told = feed.poll_next(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Ok(FeedItem::Batch { upto, changes, .. })) = told else { panic!("{told:?}") };
        assert_eq!((upto.index.get(), changes.len()), (expected, 1));
        assert!(matches!(&changes[0], RecordChange::Put(record) if record.version == upto.index));
    }
}

/// A sync costs what it costs, however many wait for it.
#[test]
fn a_group_is_synced_once() {
    let disk = SimDisk::new(1);
    let core = open_on(&disk, crate::open::Settings::default()).expect("a new store");
    commit(&core, put(0, "warm")).expect("a sync");
    let one = disk.syncs_of(|| drop(commit(&core, put(0, "alone"))));
    let many = disk.syncs_of(|| drop(commit_together(&core, (0..64).map(|number| put(number, "together")))));
    assert_eq!((one, many), (1, 1));
}

/// guarantee Q-j, fault F5
#[test]
fn a_commit_whose_future_is_dropped_holds_up_no_other() {
    let core = open_on(&SimDisk::new(1), SMALL).expect("a new store");
    let join = |transaction| {
        let (answer, answered) = oneshot::channel();
        (core.queue().join(Request::Commit { transaction, answer }), answered)
    };
    let (leads, mut first) = join(put(0, "a"));
    let (follows, second) = join(put(1, "b"));
    let (_, mut third) = join(put(2, "c"));
    assert!(leads && !follows);
    drop(second);
    Lead::new(&core).lead();
    assert_eq!(index(&first.try_recv().expect("answered")), Some(1));
    assert_eq!(index(&third.try_recv().expect("answered")), Some(3), "the dropped one happened, whole");
    assert_eq!(records(&core, 3).len(), 3);
}

/// An executor that is shut down drops its tasks. The one that leads on is one of them, and whoever waits for it may live elsewhere.
#[test]
fn a_lead_that_is_dropped_first_writes_what_waits() {
    let core = open_on(&SimDisk::new(1), SMALL).expect("a new store");
    let (answer, mut answered) = oneshot::channel();
    assert!(core.queue().join(Request::Commit { transaction: put(0, "a"), answer }));
    drop(Lead::new(&core));
    assert_eq!(index(&answered.try_recv().expect("answered")), Some(1));
    assert_eq!(index(&commit(&core, put(1, "b"))), Some(2), "and the lead was given back");
}

/// `block_in_place` of tokio panics in some places (a `LocalSet`), `spawn` outside a runtime. The panic is the caller's; those who wait behind it are not
/// to hang for it: the lead once left with the caller.
#[test]
fn an_executor_that_panics_strands_nobody() {
    struct Panics;
    impl Spawn for Panics {
        fn spawn(&self, _: &'static str, _: BoxFuture<'static, ()>) {
            panic!("no executor here");
        }
        fn spawn_blocking(&self, _: &'static str, _: Box<dyn FnOnce() + Send>) {
            panic!("no executor here");
        }
        fn block_in_place(&self, _: &mut dyn FnMut()) {
            panic!("not here");
        }
    }
    let files = Arc::new(SimDisk::new(1));
    let core = crate::open::open(files, None, SMALL, Seams::tokio().with_spawn(Panics)).expect("a new store");
    let (answer, mut answered) = oneshot::channel();
    assert!(core.queue().join(Request::Commit { transaction: put(0, "a"), answer }));
    let led = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Lead::new(&core).lead()));
    assert!(led.is_err());
    assert_eq!(index(&answered.try_recv().expect("answered")), Some(1));
}

#[test]
fn more_than_fits_into_one_group_is_written_in_several() {
    let core = open_on(&SimDisk::new(1), SMALL).expect("a new store");
    let many = (0..2500).map(|number| put(number % 50, "small"));
    let large = (0..50).map(|number| put(number, vec![b'x'; 200 * 1024]));
    let answers = commit_together(&core, many.chain(large));
    let indexes: Vec<_> = answers.iter().filter_map(index).collect();
    assert_eq!(indexes, (1..=2550).collect::<Vec<_>>());
}

/// guarantee Q-h
#[test]
fn close_writes_what_waits_makes_a_checkpoint_and_ends_feeds() {
    let disk = SimDisk::new(1);
    let core = open_on(&disk, SMALL).expect("a new store");
    let mut feed = core.records().follow(Scope::All, Some(core.records().head())).expect("open");
    let (answer, mut answered) = oneshot::channel();
    assert!(core.queue().join(Request::Commit { transaction: put(0, "a"), answer }));
    close(&core);
    Lead::new(&core).lead();
    assert_eq!(index(&answered.try_recv().expect("answered")), Some(1));
    assert_eq!(core.checkpoints().index(), Index::new(1));

    let mut told = || feed.poll_next(&mut Context::from_waker(Waker::noop()));
    assert_eq!(told(), Poll::Ready(Err(FollowError::UNREACHABLE)));
    let later = commit(&core, put(1, "b"));
    assert!(matches!(later, Err(CommitError::Unavailable { why: Why::Unreachable, .. })), "{later:?}");
    close(&core);
    let again = open_on(&disk, SMALL).expect("the files are free");
    assert_eq!((head(&again), records(&again, 1).len()), (Index::new(1), 1));
}

#[test]
fn a_store_that_nobody_holds_ends_its_feeds() {
    let core = open_on(&SimDisk::new(1), SMALL).expect("a new store");
    let mut feed = core.records().follow(Scope::All, Some(core.records().head())).expect("open");
    assert!(feed.poll_next(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(core);
    let told = feed.poll_next(&mut Context::from_waker(Waker::noop()));
    assert_eq!(told, Poll::Ready(Err(FollowError::UNREACHABLE)));
}

/// On one thread nobody moves away, and nothing hangs: the same in every run.
#[test]
fn many_tasks_commit_in_virtual_time() {
    let traces = [5, 5, 6].map(|seed| {
        virtual_time::run_traced(seed, async |seams| {
            let files = Arc::new(SimDisk::new(1));
            let core = crate::open::open(files, None, SMALL, seams.clone()).expect("a new store");
            let store = Embedded::new(core, Limits::PORTABLE);
            let mut answers = Vec::new();
            for task in 0..8 {
                let (store, (answer, answered)) = (store.clone(), oneshot::channel());
                answers.push(answered);
                seams.spawn("writer", async move {
                    for round in 0..10 {
                        store.commit(put(task, format!("{round}"))).await.expect("a sync");
                    }
                    _ = answer.send(());
                });
            }
            for answered in answers {
                answered.await.expect("the task ended");
            }
            store.read(&[]).await.expect("open").0.index.get()
        })
    });
    assert!(traces.iter().all(|(head, _)| *head == 80));
    assert!(traces[0].1 == traces[1].1 && traces[0].1 != traces[2].1, "the seed decides: {traces:?}");
}
