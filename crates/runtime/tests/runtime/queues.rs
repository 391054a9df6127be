//! Other queues and limiters, resync, and how keys are handed to workers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use trimtab_queue::{Add, Claim, ExponentialBackoff, Finish, MaxOf, Outcome, TokenBucket, WorkQueue};
use trimtab_runtime::{Action, Cause, Controller, Reconciler, Request, Source, reconcile_with};
use trimtab_store::{Key, Kind as _, KindKey as _, Tenancy};

use crate::world::{Diary, MS, SECOND, Site, site, world};

fn noting(diary: &Diary) -> impl Reconciler + use<> {
    reconcile_with(diary.clone(), async |diary, ctx, request| {
        diary.write(ctx, &request);
        Ok(Action::done())
    })
}

/// Last in, first out.
#[derive(Clone, Default)]
struct Lifo(Arc<Stack>);

#[derive(Default)]
struct Stack {
    line: Mutex<VecDeque<(Request, Cause)>>,
    ended: AtomicBool,
    bell: Notify,
}

impl WorkQueue<Request, Cause> for Lifo {
    fn push(&self, add: Add<Request, Cause>) {
        self.0.line.lock().push_front((add.item, add.data));
        self.0.bell.notify_one();
    }
    async fn get(&self) -> Option<Claim<Request, Cause>> {
        loop {
            let next = self.0.line.lock().pop_front();
            match next {
                _ if self.0.ended.load(Ordering::Relaxed) => return None,
                Some((request, cause)) => return Some(Claim::new(request, cause, Arc::new(self.clone()))),
                None => self.0.bell.notified().await,
            }
        }
    }
    fn forget(&self, _: &Request) {}
    fn shutdown(&self) {
        self.0.ended.store(true, Ordering::Relaxed);
        self.0.bell.notify_waiters();
        self.0.bell.notify_one();
    }
}

impl Finish<Request, Cause> for Lifo {
    fn finish(&self, item: Request, data: Cause, outcome: Outcome) {
        if matches!(outcome, Outcome::Again(_) | Outcome::Retry(_)) {
            self.push(Add::now(item).carrying(data));
        }
    }
}

#[test]
fn a_queue_of_ones_own_takes_the_place_of_the_standard_one() {
    world(1, async |w| {
        let diary = Diary::default();
        for name in ["a", "b", "c"] {
            w.put(name, site(80)).await;
        }
        let controller = Controller::new(&w.store, noting(&diary))
            .subscribe(Source::of::<Site>())
            .with_queue_factory(|_| Lifo::default());
        let running = w.start(controller);
        w.sleep(MS).await;
        let mut names = diary.names();
        assert_eq!(names.len(), 3);
        assert_eq!(diary.all()[0].reasons.len(), 1, "reasons are carried");
        names.sort();
        assert_eq!(names, ["a", "b", "c"]);
        assert!(running.handle.keys().is_empty(), "it cannot tell");
        running.stop().await.unwrap();
    });
}

#[test]
fn a_limiter_of_ones_own_says_how_long_failures_wait() {
    world(2, async |w| {
        let diary = Diary::default();
        w.put("blog", site(80)).await;
        let failing = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            Err("no".into())
        });
        let limiter = || MaxOf(ExponentialBackoff::default().with_jitter(false), TokenBucket::new(1.0, 1));
        let controller =
            Controller::new(&w.store, failing).subscribe(Source::of::<Site>()).with_limiter(limiter);
        let running = w.start(controller);
        w.sleep(10 * SECOND).await;
        assert!((9..=11).contains(&diary.len()), "{} runs at one a second", diary.len());
        running.stop().await.unwrap();
    });
}

/// behaviour L3
#[test]
fn the_backoff_is_jittered_unless_told() {
    world(3, async |w| {
        let diary = Diary::default();
        w.put("blog", site(80)).await;
        let failing = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            Err("no".into())
        });
        let controller = Controller::new(&w.store, failing).subscribe(Source::of::<Site>());
        let running = w.start(controller.with_backoff(100 * MS, 100 * SECOND));
        w.sleep(SECOND).await;
        let gaps = diary.gaps();
        for (gap, exact) in gaps.iter().zip([100 * MS, 200 * MS, 400 * MS]) {
            assert!(*gap <= exact && *gap >= exact * 4 / 5 && *gap != exact, "{gap:?} for {exact:?}");
        }
        running.stop().await.unwrap();
    });
}

/// behaviour C18
#[test]
fn with_a_resync_each_key_runs_again_after_the_period_and_events_are_not_held_back_by_it() {
    world(4, async |w| {
        let diary = Diary::default();
        for name in ["a", "b"] {
            w.put(name, site(80)).await;
        }
        let controller = Controller::new(&w.store, noting(&diary)).subscribe(Source::of::<Site>());
        let running = w.start(controller.with_resync(100 * SECOND));
        w.sleep(1000 * SECOND).await;
        for name in ["a", "b"] {
            let runs = diary.of(name);
            assert!((10..=13).contains(&runs.len()), "{}", runs.len());
            for pair in runs.windows(2) {
                let gap = pair[1].at - pair[0].at;
                assert!(gap <= 100 * SECOND && gap >= 80 * SECOND, "{gap:?}");
            }
        }
        assert_ne!(diary.of("a")[1].at, diary.of("b")[1].at, "not all at once");
        assert!(running.handle.is_settled(), "promised runs do not count");

        diary.clear();
        let before = w.seams.now();
        w.put("a", site(81)).await;
        w.sleep(MS).await;
        assert_eq!(diary.of("a")[0].at, before);
        w.delete("b").await;
        w.sleep(MS).await;
        assert_eq!(diary.of("b").len(), 1, "the deletion itself");
        w.sleep(1000 * SECOND).await;
        assert_eq!(diary.of("b").len(), 1, "what is gone is not resynced");
        assert!(diary.of("a").len() > 10);
        running.stop().await.unwrap();
    });
}

/// behaviour C18
#[test]
fn a_shorter_requeue_comes_before_the_resync() {
    world(5, async |w| {
        let diary = Diary::default();
        w.put("a", site(80)).await;
        let reconciler = reconcile_with(diary.clone(), async |diary, ctx, request| {
            diary.write(ctx, &request);
            Ok(Action::requeue_after(if diary.len() % 2 == 0 { 1000 * SECOND } else { 10 * SECOND }))
        });
        let controller = Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>());
        let running = w.start(controller.with_resync(100 * SECOND));
        w.sleep(500 * SECOND).await;
        let gaps = diary.gaps();
        assert_eq!(gaps[0], 10 * SECOND);
        assert!(gaps[1] <= 100 * SECOND && gaps[1] >= 80 * SECOND);
        running.stop().await.unwrap();
    });
}

/// guarantee Q-b
#[test]
fn two_runs_of_one_key_never_overlap_and_each_change_is_followed_by_a_run_that_sees_it() {
    for seed in 0..20 {
        world(100 + seed, async |w| {
            let running_now = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
            let seen = Arc::new(Mutex::new(BTreeMap::<String, u16>::new()));
            let state = (Arc::clone(&running_now), Arc::clone(&seen));
            let reconciler = reconcile_with(state, async |(running_now, seen), ctx, request| {
                let name = request.name().to_owned();
                assert_eq!(*running_now.lock().entry(name.clone()).and_modify(|n| *n += 1).or_insert(1), 1);
                let port = ctx.get::<Site>(&request)?.map(|site| site.spec.port);
                ctx.sleep(Duration::from_micros(ctx.random() % 3000)).await;
                if let Some(port) = port {
                    seen.lock().insert(name.clone(), port);
                }
                running_now.lock().remove(&name);
                match ctx.random() % 4 {
                    0 => Err("by chance".into()),
                    1 => Ok(Action::requeue_now()),
                    _ => Ok(Action::done()),
                }
            });
            let controller = Controller::new(&w.store, reconciler).subscribe(Source::of::<Site>());
            let running = w.start(controller.with_workers(8).with_backoff(MS, 10 * MS));
            for n in 1..200 {
                w.put(&format!("s{}", n % 7), site(n)).await;
                w.sleep(Duration::from_micros(w.seams.random() % 1000)).await;
            }
            running.settled().await;
            assert_eq!(running.handle.metrics().reconciles.panicked, 0);
            let last: BTreeMap<_, _> = (193..200).map(|n| (format!("s{}", n % 7), n)).collect();
            assert_eq!(
                *seen.lock(),
                last,
                "for each change there is a run whose read comes after it: guarantee Q-c"
            );
            running.stop().await.unwrap();
        });
    }
}

/// guarantee Q-c, R-c
#[test]
fn after_a_crash_at_any_point_every_key_is_reconciled_again() {
    for seed in 0..20 {
        world(200 + seed, async |w| {
            let reconciler = || {
                reconcile_with((), async |(), ctx, request| {
                    let Some(site) = ctx.get::<Site>(&request)? else { return Ok(Action::done()) };
                    ctx.sleep(Duration::from_micros(ctx.random() % 2000)).await;
                    ctx.commit(site.edit_status(|status| status.serving = Some(site.spec.port))).await?;
                    Ok(Action::done())
                })
            };
            let controller =
                || Controller::new(&w.store, reconciler()).subscribe(Source::of::<Site>()).with_workers(2);
            for crash in 0..5_u16 {
                for n in 0..10 {
                    w.put(&format!("s{n}"), site(100 * crash + n)).await;
                }
                // Dropped somewhere in between, as by a crash.
                let alive = w.seams.sleep(Duration::from_micros(w.seams.random() % 5000));
                let mut run = Box::pin(controller().run(std::future::pending()));
                let mut alive = std::pin::pin!(alive);
                std::future::poll_fn(|cx| {
                    assert!(run.as_mut().poll(cx).is_pending());
                    alive.as_mut().poll(cx)
                })
                .await;
            }
            let running = w.start(controller());
            running.settled().await;
            for n in 0..10 {
                let site = w.store.get::<Site>(Key::of::<Site>(format!("s{n}"))).unwrap().unwrap();
                assert_eq!(site.status.serving, Some(400 + n));
            }
            running.stop().await.unwrap();
        });
    }
}

/// behaviour Q15
#[test]
fn a_namespace_with_many_changed_entries_holds_up_anothers_by_one_reconcile() {
    world(14, async |w| {
        let diary = Diary::default();
        let sites = Controller::new(&w.store, noting(&diary)).subscribe(Source::of::<Site>()).with_fairness();
        for n in 0..20 {
            let in_busy = Tenancy::new("default", "busy");
            w.store
                .commit(site(80).named(format!("busy-{n:02}")).in_tenancy(&in_busy).apply())
                .await
                .unwrap();
        }
        for n in 0..3 {
            let in_calm = Tenancy::new("default", "calm");
            w.store.commit(site(80).named(format!("calm-{n}")).in_tenancy(&in_calm).apply()).await.unwrap();
        }
        let running = w.start(sites);
        running.settled().await;
        let names = diary.names();
        assert_eq!(names[..5], ["busy-00", "calm-0", "busy-01", "calm-1", "busy-02"]);
        assert_eq!(names.len(), 23);
        running.stop().await.unwrap();
    });
}
