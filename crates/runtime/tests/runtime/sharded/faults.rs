//! Replicas that are killed, sleep, or are cut off, at random.

use trimtab_seams::Instant;

use super::history;
use super::replica::Replica;
use super::{BOUND, Spans, TTL, world};
use crate::world::{MS, NextCommit, SECOND, World};

/// guarantee L-d, fault F21
#[test]
fn a_member_that_sleeps_is_taken_out_and_writes_nothing_when_it_wakes() {
    for seed in 30..36 {
        world(seed, async |w| {
            w.put_jobs(0..40, 1).await;
            let spans = Spans::default();
            let a = Replica::join(&w, "a", &spans, 100 * MS).await;
            let b = Replica::join(&w, "b", &spans, 100 * MS).await;
            w.all_done_within(2 * SECOND).await;
            w.put_jobs(0..40, 2).await;
            w.sleep(50 * MS).await;
            a.freeze(true);
            let frozen = w.seams.now();
            let in_flight = spans.all().iter().filter(|span| span.by == "a" && span.to.is_none()).count();
            assert!(in_flight > 0);
            w.sleep(BOUND).await;
            assert_eq!(b.shard().members.len(), 1);
            let without = b.shard().version;
            w.all_done_within(SECOND).await;
            w.sleep(TTL).await;
            a.freeze(false);
            w.sleep(MS).await;
            w.sleep(SECOND).await;
            let late: Vec<_> = spans.since(frozen).into_iter().filter(|span| span.by == "a").collect();
            assert!(late.iter().all(|span| Some(span.epoch) > without), "it began nothing before: {late:?}");
            assert_eq!(a.shard().members.len(), 2, "it has joined anew");
            let counts = a.running.handle.metrics().reconciles;
            assert!(counts.fenced + counts.cancelled >= in_flight as u64, "{counts:?}");
            w.put_jobs(0..40, 3).await;
            w.all_done_within(2 * SECOND).await;
            history_is_sound(&w).await;
            a.stop().await;
            b.stop().await;
        });
    }
}

/// guarantee L-d
#[test]
fn a_member_that_is_cut_off_stops_by_itself_before_another_begins() {
    world(40, async |w| {
        w.put_jobs(0..40, 1).await;
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, 5 * SECOND).await;
        let b = Replica::join(&w, "b", &spans, MS).await;
        w.all_done_within(40 * SECOND).await;
        a.backend.away(true);
        w.put_jobs(0..40, 2).await;
        w.sleep(BOUND).await;
        w.all_done_within(SECOND).await;
        assert!(a.status().standby, "it waits");
        no_two_at_once(&spans, &[]);
        a.backend.away(false);
        w.sleep(BOUND).await;
        assert_eq!(b.shard().members.len(), 2);
        history_is_sound(&w).await;
        a.stop().await;
        b.stop().await;
    });
}

/// Its feeds tell it nothing, while all else works: it learns of the map by a commit that is refused, or before it renews its lease.
///
/// guarantee L-d
#[test]
fn a_member_that_hears_nothing_commits_under_no_old_map_and_adopts_the_new_one() {
    world(41, async |w| {
        w.put_jobs(0..8, 1).await;
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, 2 * SECOND).await;
        w.sleep(SECOND / 2).await;
        assert_eq!(spans.all().len(), 8, "all of them run");
        a.backend.hold_feed(true);
        let b = Replica::join(&w, "b", &spans, MS).await;
        w.sleep(SECOND / 4).await;
        assert!(!b.shard().settled && a.shard().members.len() == 1, "it knows nothing yet");
        w.sleep(2 * SECOND).await;
        assert!(b.shard().settled, "now it does");
        let all = spans.all();
        let by = |name: &str| all.iter().filter(|span| span.by == name).count();
        assert!(by("a") == 8 && (1..8).contains(&by("b")), "what it kept it committed under the new map");
        w.all_done_within(SECOND).await;
        history_is_sound(&w).await;
        let c = Replica::join(&w, "c", &spans, MS).await;
        w.sleep(TTL / 3).await;
        assert!(c.shard().settled, "it looked before it renewed");
        a.backend.hold_feed(false);
        no_two_at_once(&spans, &[]);
        for replica in [a, b, c] {
            replica.stop().await;
        }
    });
}

/// To it all others seem to have fallen silent, while each try to take them out is refused, for they have renewed their leases.
///
/// guarantee L-d, guarantee R-f
#[test]
fn a_member_that_hears_nothing_for_longer_than_the_ttl_takes_nobody_out_and_asks_seldom() {
    world(43, async |w| {
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, MS).await;
        let b = Replica::join(&w, "b", &spans, MS).await;
        w.sleep(SECOND).await;
        b.backend.hold_feed(true);
        w.sleep(TTL).await;
        let before = b.backend.commits();
        w.sleep(3 * TTL).await;
        let commits = b.backend.commits() - before;
        assert!(commits <= 40, "{commits} in {:?}", 3 * TTL);
        assert_eq!((a.shard().members.len(), a.shard().settled), (2, true));
        b.backend.hold_feed(false);
        w.sleep(SECOND).await;
        assert_eq!(b.shard().members.len(), 2);
        a.stop().await;
        b.stop().await;
    });
}

/// guarantee L-d
#[test]
fn a_run_that_does_not_give_way_holds_up_what_moves_and_nothing_else() {
    world(42, async |w| {
        w.put_jobs(0..8, 1).await;
        let spans = Spans::default();
        let a = Replica::join(&w, "a", &spans, 2 * SECOND).await;
        w.sleep(SECOND / 2).await;
        a.block(true);
        let b = Replica::join(&w, "b", &spans, MS).await;
        w.sleep(3 * TTL).await;
        assert_eq!(
            (b.shard().members.len(), b.shard().settled),
            (2, false),
            "it keeps its lease, and its keys"
        );
        assert_eq!(spans.all().len(), 8);
        a.block(false);
        w.all_done_within(SECOND).await;
        assert!(b.shard().settled);
        no_two_at_once(&spans, &[]);
        history_is_sound(&w).await;
        a.stop().await;
        b.stop().await;
    });
}

/// The stated bound, with a store as slow as it is stated for.
///
/// guarantee L-d
#[test]
fn after_a_kill_every_key_has_an_owner_within_its_ttl_and_two_seconds() {
    for seed in 50..52 {
        world(seed, async |w| {
            w.put_jobs(0..JOBS, 1).await;
            let spans = Spans::default();
            let mut replicas = Vec::new();
            for n in 0..5 {
                let replica = Replica::join(&w, &format!("r{n}"), &spans, MS).await;
                replica.backend.slow(&w.seams, 100 * MS);
                replicas.push(replica);
            }
            w.all_done_within(60 * SECOND).await;
            let killed = replicas.remove(2);
            killed.freeze(true);
            w.put_jobs(0..JOBS, 2).await;
            let dead = w.seams.now();
            w.sleep(5 * SECOND).await;
            let orphans = w.undone().len();
            w.all_done_within(TTL).await;
            let begun = spans.since(dead + 5 * SECOND).iter().map(|span| span.from).max().expect("some");
            println!("{orphans} keys had no owner, the last for {:?}", begun - dead);
            assert!((10..80).contains(&orphans) && begun - dead <= BOUND, "{orphans} {:?}", begun - dead);
            std::mem::forget(killed);
            for replica in replicas {
                replica.stop().await;
            }
        });
    }
}

/// Members join, leave, are killed, sleep for less than their lease and for twice as long, are cut off, and lose answers; each time every key has an owner within the bound.
///
/// guarantee L-d
#[test]
fn under_any_faults_no_two_own_a_key_and_each_has_an_owner_within_the_bound() {
    for seed in 0..4 {
        world(seed, async |w| {
            chaos(&w).await;
            let (commits, maps) = history::check(&w.backend.memory()).await;
            assert!(commits > 2000 && maps > 5, "{commits} commits, {maps} maps");
        });
    }
}

async fn history_is_sound(w: &World) {
    let (commits, _) = history::check(&w.backend.memory()).await;
    assert!(commits > 0);
}

const JOBS: u32 = 200;

async fn chaos(w: &World) {
    let spans = Spans::default();
    let mut asleep: Vec<(String, Instant)> = Vec::new();
    let mut replicas = Vec::new();
    let (mut round, mut named) = (1, 0);
    w.put_jobs(0..JOBS, round).await;
    for _ in 0..12 {
        let joining = if replicas.is_empty() { 1 + w.seams.random() % 5 } else { w.seams.random() % 2 };
        for _ in 0..joining {
            if replicas.len() < 5 {
                named += 1;
                replicas.push(Replica::join(w, &format!("r{named}"), &spans, 20 * MS).await);
            }
        }
        w.sleep(w.seams.random_below(SECOND)).await;
        let at = usize::try_from(w.seams.random()).unwrap_or_default() % replicas.len();
        let others = replicas.len() > 1;
        for replica in &replicas {
            // An answer is lost, with the commit or without.
            match w.seams.random() % 4 {
                0 => replica.backend.next_commit(NextCommit::AppliedButUnknown),
                1 => replica.backend.next_commit(NextCommit::LostAndUnknown),
                _ => {}
            }
        }
        match w.seams.random() % 6 {
            0 if others => replicas.remove(at).stop().await,
            1 if others => {
                // Killed: none of its tasks ever goes on.
                let killed = replicas.remove(at);
                killed.freeze(true);
                asleep.push((killed.name.clone(), w.seams.now()));
                std::mem::forget(killed);
            }
            2 if others => {
                replicas[at].freeze(true);
                asleep.push((replicas[at].name.clone(), w.seams.now()));
                served(w, &mut round).await;
                w.sleep(TTL).await;
                replicas[at].freeze(false);
            }
            3 => {
                // For less than its lease.
                replicas[at].freeze(true);
                asleep.push((replicas[at].name.clone(), w.seams.now()));
                w.sleep(w.seams.random_below(TTL)).await;
                replicas[at].freeze(false);
            }
            4 if others => {
                replicas[at].backend.away(true);
                served(w, &mut round).await;
                w.sleep(w.seams.random_below(TTL)).await;
                replicas[at].backend.away(false);
            }
            _ => {}
        }
        served(w, &mut round).await;
    }
    no_two_at_once(&spans, &asleep);
    for replica in replicas {
        replica.stop().await;
    }
}

/// Within the bound every key has an owner, who does what is asked for now.
async fn served(w: &World, round: &mut u32) {
    *round += 1;
    w.put_jobs((0..JOBS).step_by(7), *round).await;
    w.sleep(BOUND).await;
    *round += 1;
    w.put_jobs(0..JOBS, *round).await;
    w.all_done_within(3 * SECOND).await;
}

/// Checks that no two replicas ran a key at the same time, those aside that slept meanwhile: they ran nothing while they did.
fn no_two_at_once(spans: &Spans, asleep: &[(String, Instant)]) {
    let mut all = spans.all();
    all.sort_by(|a, b| (&a.key, a.from).cmp(&(&b.key, b.from)));
    let slept = |by: &str, from: Instant, to: Instant| {
        asleep.iter().any(|(name, since)| name == by && from <= *since && *since <= to)
    };
    for pair in all.windows(2) {
        let [one, other] = pair else { unreachable!("a window of two") };
        let to = one.to.unwrap_or(Instant::FAR_FUTURE);
        if one.key == other.key && one.by != other.by && to > other.from {
            assert!(slept(&one.by, one.from, to), "{one:?} {other:?}");
            assert!(one.epoch < other.epoch, "{one:?} {other:?}");
        }
    }
}
