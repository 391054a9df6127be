//! Controllers that run in one replica at a time.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_runtime::{Action, Controller, Manager, Placement, Source, reconcile_with};
use trimtab_seams::Instant;
use trimtab_store::{Index, Key, Kind as _, KindKey as _, Store};

use crate::world::{Certificate, MS, Running, SECOND, Site, World, site, world};

/// What a replica did: its name, the epoch, the index it read from, from when to when.
type Runs = Arc<Mutex<Vec<(&'static str, Index, u64, Instant)>>>;

fn replica(store: &Store, name: &'static str, runs: &Runs, takes: Duration) -> Controller {
    let reconciler =
        reconcile_with((name, Arc::clone(runs), takes), async |(name, runs, takes), ctx, request| {
            let epoch = ctx.epoch().expect("under a lease");
            runs.lock().push((name, epoch, ctx.index().get(), ctx.now()));
            let site = ctx.get::<Site>(&request)?.expect("there");
            ctx.sleep(*takes).await;
            ctx.commit(site.edit_status(|status| status.serving = Some(site.spec.port))).await?;
            Ok(Action::done())
        });
    let placement = Placement::leader("sites").with_holder(name);
    Controller::new(store, reconciler).subscribe(Source::of::<Site>()).with_placement(placement)
}

async fn two(w: &World, takes: Duration) -> (Running, Running, Runs) {
    let runs = Runs::default();
    let first = w.start(replica(&w.store, "first", &runs, takes));
    w.sleep(SECOND).await;
    let second = w.start(replica(&w.replica().await, "second", &runs, takes));
    w.sleep(SECOND).await;
    (first, second, runs)
}

#[test]
fn one_replica_works_the_other_stands_by_and_takes_over_at_once_when_the_first_stops() {
    world(1, async |w| {
        w.put("blog", site(80)).await;
        let (first, second, runs) = two(&w, Duration::ZERO).await;
        assert_eq!(runs.lock().iter().map(|run| run.0).collect::<Vec<_>>(), ["first"]);
        let (one, other) = (first.handle.status(), second.handle.status());
        assert!(one.ready && !one.standby && one.epoch.is_some());
        assert!(other.ready && other.standby && other.epoch.is_none());
        w.put("blog", site(81)).await;
        w.sleep(SECOND).await;
        assert_eq!(runs.lock().len(), 2);
        first.stop().await.unwrap();
        w.sleep(MS).await;
        let runs = runs.lock().clone();
        assert_eq!(
            runs.iter().map(|run| run.0).collect::<Vec<_>>(),
            ["first", "first", "second"],
            "every key again"
        );
        assert!(runs[2].1 > runs[0].1, "epochs grow");
        second.stop().await.unwrap();
    });
}

/// guarantee L-a
#[test]
fn no_write_of_a_deposed_holder_commits_after_another_has_acquired() {
    world(2, async |w| {
        w.put("blog", site(80)).await;
        // Works for longer than any lease lasts, then writes what no version guards: an entry of its own.
        let leading = |store: &Store, name: &'static str| {
            let reconciler =
                reconcile_with((name, w.store.seams().clone()), async |(name, seams), ctx, _| {
                    seams.sleep(30 * SECOND).await;
                    ctx.commit(Certificate { serial: 1 }.named(*name).create()).await?;
                    Ok(Action::done())
                });
            let placement = Placement::leader("sites").with_holder(name);
            Controller::new(store, reconciler).subscribe(Source::of::<Site>()).with_placement(placement)
        };
        let there = |name: &str| w.store.get::<Certificate>(name).unwrap().is_some();
        // A holder that hears of nothing: its process sleeps.
        let frozen = Frozen::new(&w).await;
        let first = Running::start(&frozen.seams, leading(&frozen.store, "first"));
        w.sleep(SECOND).await;
        assert!(first.handle.status().epoch.is_some());
        frozen.freeze(true);
        let second = w.start(leading(&w.replica().await, "second"));
        w.sleep(50 * SECOND).await;
        assert!(there("second") && !there("first"), "it took over, and has done its work");
        frozen.freeze(false);
        w.sleep(50 * SECOND).await;
        assert!(!there("first"), "what the first one sent when it woke was refused");
        let counts = first.handle.metrics().reconciles;
        assert_eq!((counts.fenced + counts.cancelled, counts.done), (1, 0));
        assert!(first.handle.status().standby && second.handle.status().epoch.is_some());
    });
}

/// guarantee L-b
#[test]
fn at_the_renew_deadline_nothing_new_begins_and_what_runs_is_cancelled() {
    world(3, async |w| {
        w.put("blog", site(80)).await;
        w.put("shop", site(80)).await;
        let cancelled = Arc::new(Mutex::new(Vec::new()));
        let reconciler = reconcile_with(Arc::clone(&cancelled), async |cancelled, ctx, _| {
            let begun = ctx.now();
            ctx.cancelled().await;
            cancelled.lock().push((begun, ctx.now(), ctx.epoch().expect("under a lease")));
            Ok(Action::done())
        });
        let placement = Placement::leader("sites").with_ttl(9 * SECOND);
        let controller =
            Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>()).with_placement(placement);
        let running = w.start(controller);
        w.sleep(20 * SECOND).await;
        assert!(cancelled.lock().is_empty(), "renewed, it is held on");
        w.backend.away(true);
        let away = w.seams.now();
        w.sleep(8 * SECOND).await;
        let (first, end, epoch) = cancelled.lock()[0];
        assert!((end - away) <= 6 * SECOND && (end - away) >= 3 * SECOND, "{:?}", end - away);
        assert_eq!(cancelled.lock().len(), 1, "the other key was not begun");
        assert!(running.handle.status().standby);
        w.backend.away(false);
        w.sleep(2 * SECOND).await;
        assert!(!running.handle.status().standby, "nobody else took it: it is held again");
        w.backend.away(true);
        w.sleep(8 * SECOND).await;
        let (again, _, same) = cancelled.lock()[1];
        assert!(again > first);
        assert_eq!(same, epoch, "still the same grant");
        drop(running);
    });
}

/// guarantee L-c
#[test]
fn a_new_holder_reads_no_older_than_its_acquisition_and_the_old_ones_work_has_ended() {
    world(4, async |w| {
        w.put("blog", site(80)).await;
        let (mut first, second, runs) = two(&w, 5 * SECOND).await;
        w.put("blog", site(81)).await;
        w.sleep(4 * SECOND).await;
        first.begin_stop();
        w.sleep(20 * SECOND).await;
        first.ended().await.unwrap();
        let all = runs.lock().clone();
        let last_of_first = all.iter().rfind(|run| run.0 == "first").unwrap();
        let first_of_second = all.iter().find(|run| run.0 == "second").unwrap();
        assert!(first_of_second.3 >= last_of_first.3 + 5 * SECOND, "given back only when its runs had ended");
        assert!(first_of_second.2 >= first_of_second.1.get(), "{first_of_second:?}");
        second.stop().await.unwrap();
    });
}

/// An agent of Consul that was frozen told nothing for 20 s, and its replica, whose writes went by another, took a view that stood still for a whole one.
/// guarantee L-c
#[test]
fn a_new_holder_whose_view_stands_still_waits_for_it_where_the_store_tells_progress() {
    world(14, async |w| {
        w.put("blog", site(80)).await;
        let runs = Arc::new(Mutex::new(0));
        let sites = || {
            let counting = reconcile_with(Arc::clone(&runs), async |runs, _, _| {
                *runs.lock() += 1;
                Ok(Action::done())
            });
            let placement = Placement::leader("sites");
            Controller::new(&w.store, counting).subscribe(Source::of::<Site>()).with_placement(placement)
        };
        let before = w.start(sites());
        w.sleep(SECOND).await;
        before.stop().await.unwrap();
        assert!(w.store.health().tells_progress);
        *runs.lock() = 0;
        w.backend.slow(&w.seams, 2 * SECOND);
        let commits = w.backend.commits();
        let running = w.start(sites());
        while w.backend.commits() == commits {
            w.sleep(100 * MS).await;
        }
        // The lease is acquired; next comes what makes sure of the view.
        w.backend.hold_feed(true);
        w.sleep(60 * SECOND).await;
        assert_eq!(*runs.lock(), 0, "what former holders wrote may be missing");
        w.backend.hold_feed(false);
        w.sleep(3 * SECOND).await;
        assert_eq!(*runs.lock(), 1);
        running.stop().await.unwrap();
    });
}

#[test]
fn under_a_manager_one_lease_serves_all_its_controllers() {
    world(5, async |w| {
        w.put("blog", site(80)).await;
        let epochs = Arc::new(Mutex::new(Vec::new()));
        let noting = |name: &str| {
            let reconciler = reconcile_with(Arc::clone(&epochs), async |epochs, ctx, _| {
                epochs.lock().push(ctx.epoch());
                Ok(Action::done())
            });
            Controller::new(&w.store, reconciler).named(name).subscribe(Source::of::<Site>())
        };
        let manager =
            Manager::new().add(noting("a")).add(noting("b")).with_placement(Placement::leader("all"));
        let handle = manager.handle();
        let seams = w.seams.clone();
        manager.run(async move { seams.sleep(60 * SECOND).await }).await.unwrap();
        let epochs = epochs.lock().clone();
        assert_eq!(epochs.len(), 2);
        assert!(epochs[0].is_some() && epochs[0] == epochs[1]);
        assert!(handle.controllers().iter().all(|controller| !controller.status().standby));
    });
}

#[test]
fn keys_enqueued_in_standby_are_kept() {
    world(6, async |w| {
        let (first, second, runs) = two(&w, Duration::ZERO).await;
        w.put("blog", site(80)).await;
        w.sleep(SECOND).await;
        second.handle.enqueue(trimtab_store::Key::new("site", "blog"));
        w.sleep(SECOND).await;
        assert_eq!(runs.lock().len(), 1);
        first.stop().await.unwrap();
        w.sleep(SECOND).await;
        assert_eq!(runs.lock().len(), 2);
        second.stop().await.unwrap();
    });
}

#[test]
fn a_lease_that_cannot_be_had_shows_in_readiness_and_is_tried_for_again() {
    world(7, async |w| {
        let runs = Runs::default();
        let placement = Placement::leader("sites").with_holder("a \"quoted\" name");
        let running = w.start(replica(&w.store, "first", &runs, Duration::ZERO).with_placement(placement));
        w.sleep(60 * SECOND).await;
        let status = running.handle.status();
        assert!(!status.ready && status.standby);
        assert!(status.reasons[0].starts_with("lease `sites`: invalid: "), "{:?}", status.reasons);
        running.stop().await.unwrap();
    });
}

/// Whatever its TTL, and whether a renewal is under way or not.
///
/// guarantee Q-h, fault F20
#[test]
fn a_stop_while_the_store_is_away_takes_no_longer_than_a_moment() {
    for (seed, away_for) in [(30, SECOND), (31, 1300 * SECOND)] {
        for placement in [Placement::leader("sites"), Placement::sharded("sites")] {
            world(seed, async |w| {
                let runs = Runs::default();
                let placement = placement.clone().with_holder("first").with_ttl(3600 * SECOND);
                let running =
                    w.start(replica(&w.store, "first", &runs, Duration::ZERO).with_placement(placement));
                w.sleep(SECOND).await;
                assert!(running.handle.status().epoch.is_some());
                w.backend.cut(true);
                w.sleep(away_for).await;
                let asked = w.seams.now();
                running.stop().await.unwrap();
                let took = w.seams.now() - asked;
                assert!(took <= 11 * SECOND, "{took:?}");
            });
        }
    }
}

/// guarantee L-b, fault F21
#[test]
fn a_holder_that_slept_past_its_renew_deadline_and_lost_nothing_works_on() {
    // Which of the tasks wakes first is a matter of chance.
    for seed in 20..30 {
        world(seed, async |w| {
            w.put("blog", site(80)).await;
            let runs = Runs::default();
            let frozen = Frozen::new(&w).await;
            let running =
                Running::start(&frozen.seams, replica(&frozen.store, "first", &runs, Duration::ZERO));
            w.sleep(SECOND).await;
            assert_eq!(runs.lock().len(), 1);
            frozen.freeze(true);
            // The worker wakes first, and finds the lease run out; the keeper renews it all the same.
            running.handle.enqueue(Key::of::<Site>("blog"));
            w.sleep(8 * SECOND).await;
            frozen.freeze(false);
            w.sleep(30 * SECOND).await;
            assert!(running.handle.status().epoch.is_some());
            w.put("blog", site(81)).await;
            w.sleep(SECOND).await;
            assert_eq!(w.store.get::<Site>("blog").unwrap().unwrap().status.serving, Some(81));
            drop(running);
        });
    }
}

/// A replica whose process can be made to sleep: none of its tasks goes on, and its clock does not tell it.
struct Frozen {
    seams: trimtab_seams::Seams,
    store: Store,
    gate: Arc<crate::world::IceGate>,
}

impl Frozen {
    async fn new(w: &World) -> Self {
        let gate = Arc::new(crate::world::IceGate::default());
        let seams = w.seams.clone().with_spawn(crate::world::IcySpawn::new(&w.seams, &gate));
        let store = Store::builder(w.backend.clone()).seams(&seams).open().await.expect("memory opens");
        Self { seams, store, gate }
    }

    fn freeze(&self, frozen: bool) {
        self.gate.set(frozen);
    }
}

/// guarantee L-c
#[test]
fn a_lease_is_given_back_only_when_what_its_runs_left_behind_has_ended() {
    world(20, async |w| {
        w.put("blog", site(80)).await;
        let runs = Runs::default();
        let hanging = reconcile_with((), async |(), ctx, _| {
            let seams = ctx.seams().clone();
            ctx.ends_after(async move { seams.sleep(5 * SECOND).await });
            ctx.sleep(600 * SECOND).await;
            Ok(Action::done())
        });
        let placement = Placement::leader("sites").with_holder("first");
        let first = Controller::new(&w.store, hanging).subscribe(Source::of::<Site>());
        let first = w.start(first.with_placement(placement).with_drain(SECOND));
        w.sleep(SECOND).await;
        let second = w.start(replica(&w.replica().await, "second", &runs, Duration::ZERO));
        w.sleep(SECOND).await;
        let stopped = w.seams.now();
        assert!(first.stop().await.is_err(), "the drain deadline has passed");
        w.sleep(SECOND).await;
        let begun = runs.lock()[0].3;
        assert!(begun - stopped >= 6 * SECOND, "{:?}", begun - stopped);
        second.stop().await.unwrap();
    });
}
