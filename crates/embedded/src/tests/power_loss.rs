//! Power lost at random points: while committing, while making a checkpoint, while opening, while making the files.

use std::collections::BTreeMap;

use trimtab_seams::{Random, Seeded};

use super::crash_model::CrashModel;
use super::sim_disk::{SimDisk, Temper, one_in};
use super::store::{SMALL, close, commit_together, open_on};

/// How often the power goes in all; a multiple of sixteen.
const LOSSES: &str = "TRIMTAB_POWER_LOSSES";

/// Power losses of one store, one after another.
const LIVES: u64 = 8;

/// Where the power went.
type Places = BTreeMap<String, u64>;

/// One store that loses power again and again, and each time must be found as it was left.
fn one_store(seed: u64, temper: Temper, places: &mut Places) -> Result<(), String> {
    let chance = Seeded::new(seed);
    let mut disk = SimDisk::new(seed);
    disk.set_temper(temper);
    let mut model = CrashModel::default();
    for life in 0..=LIVES {
        if life < LIVES {
            // The last life is the one that looks: it keeps its power until it has verified.
            disk.die_in(1 + chance.next_u64() % 150);
        }
        let place = one_life(&disk, &mut model, &chance)
            .map_err(|what| format!("seed {seed}, life {life}: {what}"))?;
        *places.entry(place).or_default() += u64::from(life < LIVES);
        disk = disk.restart();
    }
    Ok(())
}

fn one_life(disk: &SimDisk, model: &mut CrashModel, chance: &Seeded) -> Result<String, String> {
    let place = |doing: &str| format!("{doing} {}", disk.died_in().unwrap_or_else(|| "nothing".into()));
    let core = match open_on(disk, SMALL) {
        Ok(core) => core,
        Err(_) if disk.is_dead() => return Ok(place("opening")),
        Err(error) => return Err(error.to_string()),
    };
    model.verify(&core)?;
    for _ in 0..chance.next_u64() % 24 {
        let group: Vec<_> = (0..=chance.next_u64() % 4).map(|_| model.transaction(chance)).collect();
        let answers = commit_together(&core, group.clone());
        model.answered(group, answers)?;
        if disk.is_dead() {
            return Ok(place("writing"));
        }
    }
    if one_in(chance, 4) {
        close(&core);
        if disk.is_dead() {
            return Ok(place("closing"));
        }
    }
    disk.die();
    Ok(place("writing"))
}

/// So many stores lose power so many times in all; gives where.
fn many_stores(seeds: std::ops::Range<u64>) -> Places {
    let mut places = Places::new();
    for seed in seeds {
        one_store(seed, Temper::Sound, &mut places).unwrap_or_else(|what| panic!("{what}"));
    }
    places
}

/// behaviour E8, guarantee S-a, fault F3, fault F27
///
/// At full length, 10,000 losses: `cargo xtask crash`.
#[test]
fn every_acknowledged_commit_survives_the_loss_of_power_at_any_point() {
    let losses = std::env::var(LOSSES).ok().and_then(|text| text.parse().ok()).unwrap_or(2400);
    let stores = losses / LIVES;
    let places = std::thread::scope(|scope| {
        let halves = [0..stores / 2, stores / 2..stores].map(|seeds| scope.spawn(|| many_stores(seeds)));
        let mut all = Places::new();
        for half in halves {
            for (place, count) in half.join().expect("no violation") {
                *all.entry(place).or_default() += count;
            }
        }
        all
    });
    assert_eq!(places.values().sum::<u64>(), losses, "{places:?}");
    let each = ["writing log.redb", "writing entries.redb", "opening log.redb", "opening entries.redb"];
    for place in each.into_iter().chain(["opening log.redb.new", "opening entries.redb.new"]) {
        let hits = places.get(place).copied().unwrap_or_default();
        assert!(hits > losses / 100, "{place} was hit too seldom: {places:?}");
    }
}

/// guarantee S-a
///
/// A harness that finds nothing may be one that sees nothing: on a disk that says "synced" and is not, commits are lost, and it must say so.
#[test]
fn the_harness_sees_a_commit_that_was_acknowledged_without_a_sync() {
    let found = (0..200).find_map(|seed| one_store(seed, Temper::Lies, &mut Places::new()).err());
    assert!(found.is_some(), "200 stores on a lying disk lost nothing");
}
