//! A disk without space, and space again.

use std::time::Duration;

use trimtab_backend::{CommitError, Index, Why};
use trimtab_seams::{Random, Seeded, virtual_time};

use super::crash_model::CrashModel;
use super::sim_disk::{SimDisk, one_in};
use super::store::{SMALL, close, commit, commit_together, head, open_on, open_with, put, records};

fn full(answer: Result<trimtab_backend::Commit, CommitError>) -> Duration {
    match answer {
        Err(CommitError::Unavailable { why: Why::Full, retry_after: Some(after) }) => after,
        other => panic!("expected a full disk, got {other:?}"),
    }
}

/// fault F27, behaviour E3
#[test]
fn a_full_disk_refuses_commits_and_goes_on_when_there_is_space() {
    virtual_time::run(1, async |seams| {
        let disk = SimDisk::new(1);
        let core = open_with(&disk, SMALL, seams.clone()).expect("a new store");
        commit(&core, put(0, "kept")).expect("space");
        disk.fill("log", 0);

        let mut waited = Vec::new();
        for _ in 0..8 {
            let after = full(commit(&core, put(1, "refused")));
            assert_eq!(full(commit(&core, put(1, "refused"))), after, "the disk is left alone until then");
            assert_eq!(records(&core, 2).len(), 1, "reading goes on");
            waited.push(after);
            seams.sleep(after).await;
        }
        assert!(waited.is_sorted() && waited[0] < waited[7], "patience grows: {waited:?}");
        assert!(waited[7] <= Duration::from_secs(5), "{waited:?}");

        disk.free();
        seams.sleep(Duration::from_secs(5)).await;
        commit(&core, put(2, "after")).expect("space again");
        assert_eq!(head(&core), Index::new(2), "what was refused took no index");

        disk.die();
        drop(core);
        let core = open_on(&disk.restart(), SMALL).expect("the store is whole");
        assert_eq!(head(&core), Index::new(2));
        assert_eq!(records(&core, 3).len(), 2);
    });
}

/// contract 23, fault F27, guarantee S-a
///
/// Space runs out at every point of a commit: while the log grows, between two pages, before the header. What was answered as refused must not be
/// found later, also when the power goes before the store has gone on.
#[test]
fn what_was_refused_for_want_of_space_is_never_found_later() {
    let mut refusals = 0;
    for seed in 0..150 {
        refusals += virtual_time::run(seed, async |seams| {
            let chance = Seeded::new(seed);
            let disk = SimDisk::new(seed);
            let mut model = CrashModel::default();
            let core = open_with(&disk, SMALL, seams.clone()).expect("a new store");
            let mut refusals = 0;
            for round in 0..12 {
                disk.fill("log", chance.next_u64() % 12);
                let group: Vec<_> = (0..=chance.next_u64() % 3).map(|_| model.transaction(&chance)).collect();
                let answers = commit_together(&core, group.clone());
                let refused =
                    |answer: &Result<_, CommitError>| matches!(answer, Err(CommitError::Unavailable { .. }));
                refusals += answers.iter().filter(|answer| refused(answer)).count();
                let known = model.answered(group, answers);
                known.unwrap_or_else(|what| panic!("seed {seed}, round {round}: {what}"));
                disk.free();
                if !one_in(&chance, 3) {
                    seams.sleep(Duration::from_secs(10)).await;
                }
            }
            disk.die();
            drop(core);
            let core = open_on(&disk.restart(), SMALL).expect("the store is whole");
            model.verify(&core).unwrap_or_else(|what| panic!("seed {seed}: {what}"));
            refusals
        });
    }
    assert!(refusals > 400, "only {refusals} refusals: the disk was hardly ever full");
}

/// fault F27
#[test]
fn a_checkpoint_without_space_is_made_later_and_commits_go_on() {
    let disk = SimDisk::new(3);
    let core = open_on(&disk, SMALL).expect("a new store");
    disk.fill("entries", 0);
    for number in 0..40 {
        commit(&core, put(number % 4, vec![b'x'; 500])).expect("the log has space");
    }
    assert!(disk.free(), "a checkpoint was tried");
    assert_eq!(core.checkpoints().index(), Index::ZERO);
    for number in 0..10 {
        commit(&core, put(number % 4, vec![b'y'; 500])).expect("the log has space");
    }
    assert!(core.checkpoints().index() > Index::new(40), "made once there was space");
    close(&core);
    let core = open_on(&disk, SMALL).expect("the store is whole");
    assert_eq!(head(&core), Index::new(50));
    assert!(records(&core, 4).iter().all(|record| record.value.starts_with(b"y")));
}
