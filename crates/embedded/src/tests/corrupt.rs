//! Files that hold other bytes than were written: an error or the right records, never silence.

use redb::{Database, TableDefinition};
use trimtab_backend::{Index, Record};
use trimtab_seams::{Random, Seeded};

use super::sim_disk::{SimDisk, one_in};
use super::store::{SMALL, close, commit, head, open_on, put, records};
use crate::OpenError;
use crate::disk::Files;
use crate::open::Settings;

const FILES: [&str; 2] = ["log.redb", "entries.redb"];

/// A disk with a store of forty commits, closed or not, and what is in it.
fn written(closed: bool) -> (SimDisk, Vec<Record>) {
    let disk = SimDisk::new(9);
    let core = open_on(&disk, Settings { history_commits: 20, ..SMALL }).expect("a new store");
    for number in 0..40 {
        commit(&core, put(number % 10, format!("{number}\n{}", "x".repeat(400)))).expect("a sync");
    }
    let all = records(&core, 10);
    if closed {
        close(&core);
    }
    disk.die();
    drop(core);
    (disk.restart(), all)
}

/// What opening says: the head and the records, or the error.
fn found(disk: &SimDisk) -> Result<(Index, Vec<Record>), String> {
    open_on(disk, SMALL).map(|core| (head(&core), records(&core, 10))).map_err(|error| error.to_string())
}

/// Changes some bytes of a file, all of them in one place or each somewhere.
fn change(disk: &SimDisk, name: &str, chance: &Seeded) {
    let mut bytes = disk.bytes(name);
    let draw = |below: usize| usize::try_from(chance.next_u64()).expect("64 bits") % below;
    let at = draw(bytes.len());
    match draw(4) {
        0 => bytes[at] ^= 1 << draw(8),
        1 => {
            for _ in 0..8 {
                let at = draw(bytes.len());
                bytes[at] ^= 0x40;
            }
        }
        2 => {
            let end = bytes.len().min(at + 4096);
            bytes[at..end].fill(0);
        }
        // The header.
        _ => bytes[at % 4096] = 0xff,
    }
    disk.put(name, bytes);
}

/// behaviour E8, guarantee S-a, fault F28
#[test]
fn changed_bytes_are_an_error_that_names_the_file_or_change_nothing() {
    let (disk, all) = written(true);
    let (mut errors, mut harmless) = (0, 0);
    for seed in 0..800 {
        let chance = Seeded::new(seed);
        let copy = disk.copy();
        let name = FILES[usize::from(one_in(&chance, 2))];
        change(&copy, name, &chance);
        match found(&copy) {
            Ok(found) => {
                assert_eq!(found, (Index::new(40), all.clone()), "seed {seed}: {name} gave other data");
                harmless += 1;
            }
            Err(what) => {
                assert!(what.contains("redb"), "seed {seed}: {what}");
                errors += 1;
            }
        }
    }
    assert!(errors > 100 && harmless > 100, "{errors} errors, {harmless} harmless");
}

/// behaviour E8
///
/// After a crash a commit whose pages do not verify is one that was torn, and is cut; so changed bytes can cost the last group, and nothing before it.
#[test]
fn changed_bytes_after_a_crash_cost_at_most_the_last_commit() {
    let (disk, all) = written(false);
    let (mut errors, mut harmless, mut cut) = (0, 0, 0);
    for seed in 0..400 {
        let chance = Seeded::new(seed);
        let copy = disk.copy();
        change(&copy, FILES[usize::from(one_in(&chance, 2))], &chance);
        match found(&copy) {
            Ok((index, found)) if index == Index::new(40) => {
                assert_eq!(found, all, "seed {seed}");
                harmless += 1;
            }
            Ok((index, found)) => {
                assert_eq!(index, Index::new(39), "seed {seed}");
                assert_eq!(found[..9], all[..9], "seed {seed}");
                cut += 1;
            }
            Err(_) => errors += 1,
        }
    }
    assert!(errors > 50 && harmless > 50, "{errors} errors, {harmless} harmless, {cut} cut");
}

/// behaviour E8
#[test]
fn a_file_that_is_cut_short_empty_or_something_else_is_corrupt() {
    let (disk, _) = written(true);
    for name in FILES {
        let whole = disk.bytes(name);
        let cut = |length: usize| whole[..length].to_vec();
        let other = b"This is a letter to my aunt. ".repeat(2000);
        for bytes in [
            cut(0),
            cut(1),
            cut(4096),
            cut(whole.len() / 2),
            cut(whole.len() - 1),
            vec![0; whole.len()],
            other,
        ] {
            let copy = disk.copy();
            copy.put(name, bytes);
            let error = open_on(&copy, SMALL).expect_err("not the file that was written");
            let text = error.to_string();
            assert!(matches!(error, OpenError::Corrupt { .. }), "{text}");
            assert!(text.contains(name) && text.contains("put a copy of the whole directory back"), "{text}");
        }
    }
}

/// behaviour E8
#[test]
fn files_that_do_not_belong_together_are_refused() {
    let (disk, _) = written(true);
    let [log, entries] = FILES;
    let refused = |name, bytes, expected: &str| {
        let copy = disk.copy();
        copy.put(name, bytes);
        let text = found(&copy).expect_err(expected);
        assert!(text.contains(expected), "{text}");
    };
    let other = SimDisk::new(77);
    let core = crate::open::open(
        std::sync::Arc::new(other.clone()),
        None,
        SMALL,
        trimtab_seams::Seams::tokio().with_random(Seeded::new(78)),
    );
    drop(core.expect("a new store"));
    refused(log, other.bytes(log), "they are of different stores");
    refused(entries, other.bytes(entries), "they are of different stores");

    // Of this very store, but older.
    let young = SimDisk::new(9);
    drop(open_on(&young, SMALL).expect("a new store with the same id"));
    refused(log, young.bytes(log), "the log ends at commit 0, the checkpoint is of 40");
    refused(entries, young.bytes(entries), "the checkpoint is of 0");

    for (lost, there) in [(log, entries), (entries, log)] {
        let copy = disk.copy();
        copy.lose(lost);
        let text = found(&copy).expect_err("a file is missing");
        assert!(text.contains(&format!("{lost}` is missing beside `sim/{there}")), "{text}");
    }
}

/// behaviour E8, guarantee S-c, fault F28
#[test]
fn a_file_of_a_newer_format_is_refused_and_both_numbers_are_named() {
    const STAMP: TableDefinition<&str, &[u8]> = TableDefinition::new("stamp");
    for name in FILES {
        let (disk, _) = written(true);
        let file = crate::disk::Watched::new(disk.open(name).expect("there"), crate::disk::Faults::default());
        let database = Database::builder().create_with_backend(file).expect("whole");
        let transaction = database.begin_write().expect("whole");
        transaction
            .open_table(STAMP)
            .expect("ours")
            .insert("format", &2_u32.to_le_bytes()[..])
            .expect("space");
        transaction.commit().expect("a sync");
        drop(database);
        let text = found(&disk).expect_err("newer than we are");
        assert!(text.contains(name) && text.contains("format 2") && text.contains("up to 1"), "{text}");
    }
}
