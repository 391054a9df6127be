//! Who is granted a lease, and when.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_backend::{Backend, Index, Key, LeaseError, LeaseSettings, Leases, Memory, StoreLease};
use trimtab_seams::{Instant, virtual_time};

use super::faulty::{Fault, Faulty};
use super::{DEADLINE, TTL, acquire, faulty, write};

/// contract L2, guarantee L-a
#[test]
fn a_holder_that_sleeps_past_its_ttl_is_deposed_and_its_writes_are_refused() {
    virtual_time::run(1, async |seams| {
        let memory = Memory::with_seams(&seams);
        let leases = StoreLease::new(memory.clone(), &seams);
        let mut old = acquire(&leases, "a").await;
        assert!(write(&memory, &old).await && old.is_valid());
        let new = acquire(&leases, "b").await;
        assert!(!old.is_valid() && new.epoch() > old.epoch());
        assert!(!write(&memory, &old).await, "under the old epoch");
        assert!(write(&memory, &new).await, "under the new one");
        let lost = old.renew().await.expect_err("it is deposed");
        assert!(matches!(lost, LeaseError::Lost { epoch, .. } if epoch == old.epoch()), "{lost}");
        assert!(matches!(old.release().await, Err(LeaseError::Lost { .. })));
        assert!(write(&memory, &new).await, "and disturbs nobody");
    });
}

/// contract L2: the stated bound. What memory adds to the TTL is nothing; a server adds the delay of its feed and one commit.
#[test]
fn takeover_comes_exactly_the_ttl_after_the_last_beat() {
    virtual_time::run(1, async |seams| {
        let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
        let mut old = acquire(&leases, "a").await;
        let granted = Arc::new(Mutex::new(None));
        let challenge = {
            let (leases, granted, seams) = (leases.clone(), Arc::clone(&granted), seams.clone());
            async move {
                let held = acquire(&leases, "b").await;
                *granted.lock() = Some((seams.now(), held));
            }
        };
        seams.spawn("challenger", challenge);
        for _ in 0..7 {
            seams.sleep_until(old.renew_at()).await;
            old.renew().await.expect("a renewal");
        }
        let last = seams.now();
        assert!(granted.lock().is_none(), "not while it is renewed");
        seams.sleep(TTL + Duration::from_nanos(1)).await;
        let (at, _held) = granted.lock().take().expect("a takeover");
        assert_eq!(at - last, TTL);
        assert_eq!(old.valid_until() - last, DEADLINE, "a third of the TTL before that");
    });
}

/// contract L2, guarantee L-a
#[test]
fn of_many_challengers_at_most_one_is_valid_at_any_time_and_epochs_grow() {
    for seed in 0..20 {
        let mut terms = virtual_time::run(seed, async |seams| {
            let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
            let terms: Arc<Mutex<Vec<(Index, Instant, Instant)>>> = Arc::default();
            for n in 0..6_u64 {
                let (leases, terms, seams) = (leases.clone(), Arc::clone(&terms), seams.clone());
                seams.clone().spawn("challenger", async move {
                    loop {
                        let mut held = acquire(&leases, &format!("host-{n}")).await;
                        let from = seams.now();
                        // Renewed a few times; then given back, or forgotten.
                        for _ in 0..seams.random() % 4 {
                            seams.sleep_until(held.renew_at()).await;
                            held.renew().await.expect("a renewal in time");
                        }
                        seams.sleep(seams.random_below(DEADLINE)).await;
                        let (epoch, until) = (held.epoch(), held.valid_until());
                        if seams.random() % 2 == 0 {
                            let now = seams.now();
                            if held.release().await.is_ok() {
                                terms.lock().push((epoch, from, until.min(now)));
                                continue;
                            }
                        }
                        terms.lock().push((epoch, from, until));
                    }
                });
            }
            seams.sleep(Duration::from_secs(3600)).await;
            std::mem::take(&mut *terms.lock())
        });
        terms.sort();
        assert!(terms.len() > 100, "an hour has many terms: {}", terms.len());
        for pair in terms.windows(2) {
            let [(one, _, until), (other, from, _)] = pair else { unreachable!("a window of two") };
            assert!(until <= from && one < other, "{one} until {until:?}, {other} from {from:?}");
        }
    }
}

/// contract L2
#[test]
fn a_holder_that_renews_is_never_deposed() {
    virtual_time::run(3, async |seams| {
        let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
        let mut held = acquire(&leases, "a").await;
        for _ in 0..3 {
            let leases = leases.clone();
            seams.spawn("challenger", async move { panic!("granted {:?}", acquire(&leases, "b").await) });
        }
        for _ in 0..1000 {
            seams.sleep_until(held.renew_at()).await;
            held.renew().await.expect("a renewal");
            assert!(held.is_valid());
        }
    });
}

/// contract L2, fault F20
///
/// Standing still counts only while the feed is live. A challenger whose feed broke was once overtaken by its own alarm: the break was seen,
/// and the claim made all the same.
#[test]
fn a_challenger_counts_the_ttl_anew_when_its_feed_was_broken() {
    let outages: [fn(&Faulty, bool); 2] = [Faulty::set_away, Faulty::set_deaf];
    for set_broken in outages {
        virtual_time::run(1, async |seams| {
            let (store, leases) = faulty(&seams);
            let _old = acquire(&leases, "a").await;
            let granted = Arc::new(Mutex::new(None));
            let task = {
                let (leases, granted, seams) = (leases.clone(), Arc::clone(&granted), seams.clone());
                async move {
                    let held = acquire(&leases, "b").await;
                    *granted.lock() = Some((held.epoch(), seams.now()));
                }
            };
            seams.spawn("challenger", task);
            seams.sleep(Duration::from_secs(8)).await;
            set_broken(&store, true);
            // The challenger finds the break when its alarm makes it look.
            seams.sleep(Duration::from_secs(60)).await;
            set_broken(&store, false);
            let back = seams.now();
            seams.sleep(Duration::from_secs(60)).await;
            let (_, at) = granted.lock().take().expect("a takeover");
            assert!(at >= back + TTL, "at {at:?}, and the store was back at {back:?}");
            assert!(at <= back + TTL + LeaseSettings::default().renew_every(), "{:?}", at - back);
        });
    }
}

/// contract 51, contract L2
#[test]
fn an_outage_longer_than_the_ttl_ends_in_at_most_one_holder() {
    for holder_lives in [true, false] {
        virtual_time::run(5, async |seams| {
            let (store, leases) = faulty(&seams);
            let mut old = acquire(&leases, "a").await;
            let granted = Arc::new(Mutex::new(None));
            let challenging = {
                let (leases, granted) = (leases.clone(), Arc::clone(&granted));
                async move {
                    let held = acquire(&leases, "b").await;
                    *granted.lock() = Some(held);
                }
            };
            seams.spawn("challenger", challenging);
            seams.sleep(Duration::from_secs(1)).await;
            store.set_away(true);
            seams.sleep(TTL * 3).await;
            assert!(!old.is_valid() && granted.lock().is_none());
            store.set_away(false);
            for _ in 0..10 {
                if holder_lives {
                    old.renew().await.expect("it is back before the TTL of the challenger");
                }
                seams.sleep(TTL / 5).await;
            }
            let new = granted.lock().take();
            assert_eq!(new.is_some(), !holder_lives, "{new:?}");
            assert_eq!(write(&store, &old).await, holder_lives);
            if let Some(new) = new {
                assert!(new.epoch() > old.epoch() && write(&store, &new).await);
            }
        });
    }
}

/// contract L2, fault F16: what a silent feed does not tell, the conditions of the claim find out.
#[test]
fn a_challenger_on_a_silent_feed_neither_takes_over_nor_spins() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        let mut held = acquire(&leases, "a").await;
        store.set_silent(true);
        let challenger = leases.clone();
        seams.spawn("challenger", async move { panic!("granted {:?}", acquire(&challenger, "b").await) });
        let (before, _) = store.asked();
        for _ in 0..90 {
            seams.sleep_until(held.renew_at()).await;
            held.renew().await.expect("a renewal");
        }
        let (after, _) = store.asked();
        let claims = after - before - 90;
        assert!((1..=31).contains(&claims), "{claims} claims in 30 TTLs");
    });
}

#[test]
fn a_released_lease_passes_on_at_once() {
    virtual_time::run(1, async |seams| {
        let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
        let held = acquire(&leases, "a").await;
        let (waiting, clock) = (leases.clone(), seams.clone());
        let passed = Arc::new(Mutex::new(None));
        let told = Arc::clone(&passed);
        seams.spawn("challenger", async move {
            let held = acquire(&waiting, "b").await;
            *told.lock() = Some((clock.now(), held));
        });
        seams.sleep(Duration::from_secs(2)).await;
        let at = seams.now();
        held.release().await.expect("a release");
        seams.sleep(Duration::from_nanos(1)).await;
        let passed = passed.lock().take().map(|(at, _)| at);
        assert_eq!(passed, Some(at));
    });
}

#[test]
fn a_challenger_waits_for_the_holders_ttl_not_for_its_own() {
    virtual_time::run(1, async |seams| {
        let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
        let short = LeaseSettings::with_ttl(Duration::from_secs(1)).expect("allowed");
        let _held = acquire(&leases, "a").await;
        let _next = acquire(&leases.clone().with_settings(short), "b").await;
        assert_eq!(seams.now(), Instant::ORIGIN + TTL);
        let _last = acquire(&leases, "c").await;
        assert_eq!(seams.now(), Instant::ORIGIN + TTL + Duration::from_secs(1));
    });
}

/// Two runs with one seed take the same steps; another seed takes others.
#[test]
fn a_story_of_leases_is_the_same_for_the_same_seed() {
    let trace = |seed| {
        virtual_time::run_traced(seed, async |seams| {
            let leases = StoreLease::new(Memory::with_seams(&seams), &seams);
            for n in 0..4 {
                let leases = leases.clone();
                seams.spawn("challenger", async move {
                    loop {
                        drop(acquire(&leases, &format!("host-{n}")).await);
                    }
                });
            }
            seams.sleep(Duration::from_secs(300)).await;
        })
        .1
    };
    assert_eq!(trace(5), trace(5));
    assert_ne!(trace(5), trace(6));
}

/// guarantee L-c
#[test]
fn a_view_as_new_as_the_epoch_holds_all_that_earlier_holders_wrote() {
    virtual_time::run(1, async |seams| {
        let memory = Memory::with_seams(&seams);
        let leases = StoreLease::new(memory.clone(), &seams);
        let old = acquire(&leases, "a").await;
        // The old holder writes until it is refused; the new one reads once, at its epoch.
        let (writer, clock) = (memory.clone(), seams.clone());
        let refused_at = Arc::new(Mutex::new(None));
        let told = Arc::clone(&refused_at);
        seams.spawn("old holder", async move {
            while write(&writer, &old).await {
                clock.sleep(Duration::from_millis(7)).await;
            }
            *told.lock() = Some(clock.now());
        });
        let new = acquire(&leases, "b").await;
        let (head, records) = memory.read(&[Key::new("site", "guarded")]).await.expect("open");
        assert!(head.index >= new.epoch());
        assert!(records[0].version < new.epoch(), "the last write of the old holder comes before the epoch");
        seams.sleep(Duration::from_millis(20)).await;
        assert!(refused_at.lock().is_some());
        let (_, later) = memory.read(&[Key::new("site", "guarded")]).await.expect("open");
        assert_eq!(later, records, "nothing of it landed after");
    });
}

/// guarantee Q-j
#[test]
fn a_challenge_dropped_at_any_poll_costs_the_next_one_a_ttl_at_most() {
    let faults = [Fault::Slow(Duration::from_millis(2)), Fault::AnswerLost, Fault::RequestLost];
    for (polls, fault) in (0..12).flat_map(|polls| faults.map(|fault| (polls, fault))) {
        virtual_time::run(1, async |seams| {
            let (store, leases) = faulty(&seams);
            store.fail([fault]);
            {
                let mut dropped = pin!(leases.acquire("one", "a"));
                for _ in 0..polls {
                    let polled = poll_fn(|cx| Poll::Ready(dropped.as_mut().poll(cx))).await;
                    if polled.is_ready() {
                        break;
                    }
                    seams.sleep(Duration::from_millis(1)).await;
                }
            }
            let start = seams.now();
            let held = acquire(&leases, "b").await;
            let took = seams.now() - start;
            assert!(took <= TTL + Duration::from_millis(500), "{took:?} after {polls} polls and {fault:?}");
            assert!(held.is_valid() && write(&store, &held).await);
        });
    }
}
