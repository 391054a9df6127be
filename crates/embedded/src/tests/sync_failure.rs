//! A sync that fails: nobody knows what is on the disk, so nothing more is written until somebody has read it.

use std::task::{Context, Poll, Waker};

use trimtab_backend::{Backend, CommitError, FeedItem, Index, Limits, Pending, Scope};
use trimtab_seams::virtual_time;

use super::sim_disk::{SimDisk, Temper};
use super::store::{SMALL, close, commit, commit_together, head, open_on, put, records};
use crate::Embedded;

fn broken(answer: Result<impl std::fmt::Debug, CommitError>) -> String {
    match answer {
        Err(CommitError::Broken { what }) => what,
        other => panic!("expected a broken store, got {other:?}"),
    }
}

/// fault F27, guarantee S-a, guarantee R-b
#[test]
fn a_failed_sync_leaves_those_in_flight_unknown_and_closes_the_store_for_writes() {
    let disk = SimDisk::new(1);
    let core = open_on(&disk, SMALL).expect("a new store");
    commit(&core, put(0, "kept")).expect("a sync");
    let mut feed = core.records().follow(Scope::All, Some(core.records().head())).expect("open");

    disk.set_temper(Temper::FailsSyncs);
    let stale = trimtab_backend::Check {
        key: super::store::key(0),
        part: trimtab_backend::Part::Spec,
        expect: trimtab_backend::Expect::Absent,
    };
    let checks_only = trimtab_backend::Transaction::default().checking(stale);
    let answers = commit_together(&core, [put(1, "lost?"), put(2, "lost?"), checks_only]);
    let [Err(CommitError::Unknown(pending)), Err(CommitError::Unknown(_)), Err(CommitError::Broken { .. })] =
        &answers[..]
    else {
        panic!("writers do not know, who wrote nothing does: {answers:?}")
    };

    disk.set_temper(Temper::Sound);
    let what = broken(commit(&core, put(3, "refused")));
    assert!(
        what.contains("log.redb")
            && what.contains("the disk does not answer")
            && what.contains("started anew"),
        "{what}"
    );

    let store = Embedded::new(core, Limits::PORTABLE);
    virtual_time::run(1, async |_| {
        broken(store.resolve(pending.clone()).await);
        let foreign = store.resolve(Pending::new("of another backend")).await;
        assert!(matches!(foreign, Err(CommitError::Invalid(_))), "{foreign:?}");
        assert_eq!(store.read(&[super::store::key(0)]).await.expect("reading goes on").1.len(), 1);
    });
    let told = feed.poll_next(&mut Context::from_waker(Waker::noop()));
    assert!(told.is_pending(), "followers were told of nothing: {told:?}");
    drop((store, feed));

    let core = open_on(&disk, SMALL).expect("the file is whole");
    assert!([1, 3].contains(&head(&core).get()), "both or none of the group: {:?}", head(&core));
    commit(&core, put(4, "after")).expect("a new process writes again");
}

/// fault F27
#[test]
fn a_failed_sync_of_a_checkpoint_closes_the_store_for_writes_too() {
    let disk = SimDisk::new(2);
    let core = open_on(&disk, SMALL).expect("a new store");
    for number in 0..3 {
        commit(&core, put(number, vec![b'x'; 500])).expect("a sync");
    }
    disk.set_temper(Temper::FailsSyncs);
    core.checkpoints().run();
    disk.set_temper(Temper::Sound);
    assert!(broken(commit(&core, put(9, "refused"))).contains("entries.redb"));
    close(&core);
    drop(core);
    let core = open_on(&disk, SMALL).expect("the log has it all");
    assert_eq!((head(&core), records(&core, 10).len()), (Index::new(3), 3));
}

/// A bug below the commit must not leave those who wait without an answer.
#[test]
fn a_panic_while_writing_is_an_unknown_outcome_and_then_a_broken_store() {
    let disk = SimDisk::new(3);
    let core = open_on(&disk, SMALL).expect("a new store");
    disk.set_temper(Temper::Panics);
    let (answer, answered) = tokio::sync::oneshot::channel();
    assert!(core.queue().join(crate::group::Request::Commit { transaction: put(0, "x"), answer }));
    crate::group::Lead::new(&core).lead();
    assert!(answered.blocking_recv().is_err(), "the answer is dropped, which reads as unknown");
    assert!(broken(commit(&core, put(1, "y"))).contains("a bug below"));
    let mut feed = core.records().follow(Scope::All, None).expect("following goes on");
    let told = feed.poll_next(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(told, Poll::Ready(Ok(FeedItem::Reset { .. }))), "{told:?}");
}
