//! Checkpoints, and what they let go of.

use trimtab_backend::{Expect, Index, Key, Operation, Part, Position, ResetReason, Scope, Transaction};

use super::sim_disk::SimDisk;
use super::store::{SMALL, commit, head, key, open_on, put, records};
use crate::core::Core;
use crate::disk::{EntriesFile, LogFile};
use crate::open::Settings;

fn first_row(disk: &SimDisk) -> u64 {
    LogFile::open(&disk.copy()).expect("whole").0.first().get()
}

fn reset_from(core: &Core, index: u64) -> Option<ResetReason> {
    let from = Position { index: Index::new(index), ..core.records().head() };
    let mut feed = core.records().follow(Scope::All, Some(from)).expect("open");
    match feed.poll_next(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(Ok(trimtab_backend::FeedItem::Reset { why })) => Some(why),
        _ => None,
    }
}

/// Order: log durable, checkpoint durable, then trim of what is both in the checkpoint and older than the kept history.
#[test]
fn the_log_is_trimmed_behind_the_checkpoint_and_the_history() {
    let disk = SimDisk::new(1);
    let core = open_on(&disk, SMALL).expect("a new store");
    for number in 0..200 {
        commit(&core, put(number % 5, vec![b'x'; 300])).expect("a sync");
        let first = first_row(&disk);
        let (checkpoint, floor) = (core.checkpoints().index().get(), core.records().floor().get());
        assert!(first <= checkpoint.min(floor) + 1, "{first} with checkpoint {checkpoint}, floor {floor}");
    }
    assert!(first_row(&disk) > 150, "the log is short: {}", first_row(&disk));
    assert!(core.checkpoints().index() > Index::new(150));
}

#[test]
fn a_history_longer_than_the_checkpoints_keeps_the_log() {
    let disk = SimDisk::new(1);
    let core = open_on(&disk, Settings { history_commits: 1000, ..SMALL }).expect("a new store");
    for number in 0..100 {
        commit(&core, put(number % 5, vec![b'x'; 300])).expect("a sync");
    }
    assert!(core.checkpoints().index() > Index::new(50));
    assert_eq!(first_row(&disk), 1);
}

/// guarantee S-b, fault F17
#[test]
fn following_goes_on_over_a_restart_from_what_is_kept_and_begins_anew_from_what_is_not() {
    let disk = SimDisk::new(1);
    let core = open_on(&disk, SMALL).expect("a new store");
    for number in 0..50 {
        commit(&core, put(number % 5, vec![b'x'; 300])).expect("a sync");
    }
    disk.die();
    drop(core);
    let core = open_on(&disk.restart(), SMALL).expect("whole");
    let floor = core.records().floor().get();
    assert!((30..=42).contains(&floor), "eight commits are kept: {floor}");
    assert_eq!(reset_from(&core, floor - 1), Some(ResetReason::Compacted));
    assert_eq!(reset_from(&core, floor), None);
    assert_eq!(reset_from(&core, 50), None);
    assert_eq!(reset_from(&core, 51), Some(ResetReason::IndexWentBack));
}

/// A process that is killed again and again before a checkpoint was due would make the log grow for ever.
#[test]
fn what_the_log_holds_beyond_the_checkpoint_counts_after_a_restart() {
    let mut disk = SimDisk::new(1);
    for round in 0..6 {
        let core = open_on(&disk, SMALL).expect("whole");
        commit(&core, put(round, vec![b'x'; 900])).expect("a sync");
        disk.die();
        let checkpoint = core.checkpoints().index().get();
        drop(core);
        disk = disk.restart();
        assert!(checkpoint + 3 > round, "round {round}, checkpoint at {checkpoint}");
    }
}

#[test]
fn a_checkpoint_holds_what_was_written_last_and_nothing_that_was_deleted() {
    let disk = SimDisk::new(1);
    let core = open_on(&disk, SMALL).expect("a new store");
    let status =
        |key: Key| Operation::Put { key, part: Part::Status, value: "s".into(), expect: Expect::Anything };
    commit(&core, put(0, "old")).expect("a sync");
    commit(&core, Transaction::of([status(key(0)), status(key(1))])).expect("a sync");
    commit(&core, put(0, "new")).expect("a sync");
    commit(&core, put(2, "gone")).expect("a sync");
    core.checkpoints().run();
    let delete = |number| Operation::Delete { key: key(number), expect: Expect::Anything };
    commit(&core, Transaction::of([delete(2), delete(1)])).expect("a sync");
    core.checkpoints().run();

    let expected = records(&core, 3);
    let (entries, _) = EntriesFile::open(&disk.copy()).expect("whole");
    assert_eq!(entries.index(), head(&core));
    let found: Vec<_> = entries.records().expect("a table").collect::<Result<_, _>>().expect("whole");
    assert_eq!(found, expected);
    assert_eq!((found.len(), found[0].version, found[0].created), (2, Index::new(3), Index::new(1)));
}
