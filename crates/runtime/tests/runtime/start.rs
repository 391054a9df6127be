//! What happens from the start: defaults, what is there already, what comes later, the gate, wrong configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use trimtab_queue::{QueueSettings, RateLimitedQueue};
use trimtab_runtime::{
    Action, Controller, Placement, Reconciler, Request, RunError, Source, reconcile_fn, reconcile_with,
};
use trimtab_seams::Seams;
use trimtab_store::{EventPublisher, Key, KindKey as _, Lookup, Scope, Store, SubscribeRequest};
use trimtab_stream::{Event, TopicSpec};

use crate::world::{Certificate, Diary, MS, Running, SECOND, Site, site, world};

fn noting(diary: &Diary) -> impl Reconciler {
    reconcile_with(diary.clone(), async |diary, ctx, request| {
        diary.write(ctx, &request);
        Ok(Action::done())
    })
}

/// behaviour C1
#[test]
fn by_default_one_worker_runs_with_a_backoff_from_5_ms_to_1000_s() {
    world(1, async |w| {
        let at_once = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let reconciler = reconcile_with(Arc::clone(&at_once), async |at_once, ctx, _| {
            at_once.1.fetch_max(at_once.0.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            ctx.sleep(MS).await;
            at_once.0.fetch_sub(1, Ordering::Relaxed);
            Ok(Action::done())
        });
        let seen = Arc::new(parking_lot::Mutex::new(None));
        let settings = Arc::clone(&seen);
        let controller = Controller::new(&w.store, reconciler)
            .with_queue_factory(move |given: QueueSettings<_>| {
                *settings.lock() = Some((given.base, given.max));
                RateLimitedQueue::carrying(given)
            })
            .subscribe(Source::of::<Site>());
        for n in 0..5 {
            w.put(&n.to_string(), site(n)).await;
        }
        let running = w.start(controller);
        running.handle.synced().await;
        w.sleep(SECOND).await;
        running.stop().await.unwrap();
        assert_eq!(at_once.1.load(Ordering::Relaxed), 1);
        assert_eq!(*seen.lock(), Some((5 * MS, 1000 * SECOND)));
    });
}

/// behaviour C2
#[test]
fn two_hundred_entries_that_are_there_are_reconciled_once_each_by_ten_workers() {
    world(2, async |w| {
        for n in 0..200 {
            w.put(&format!("{n:03}"), site(n)).await;
        }
        let diary = Diary::default();
        let controller =
            Controller::new(&w.store, noting(&diary)).subscribe(Source::of::<Site>()).with_workers(10);
        let running = w.start(controller);
        running.settled().await;
        let mut names = diary.names();
        names.sort();
        let wanted: Vec<_> = (0..200).map(|n| format!("{n:03}")).collect();
        assert_eq!(names, wanted);
        assert_eq!(running.handle.metrics().reconciles.done, 200);
        running.stop().await.unwrap();
    });
}

/// behaviour C3
#[test]
fn what_is_written_later_is_reconciled_without_polling() {
    world(3, async |w| {
        let diary = Diary::default();
        let running = w.start(Controller::new(&w.store, noting(&diary)).subscribe(Source::of::<Site>()));
        running.handle.synced().await;
        w.sleep(3600 * SECOND).await;
        assert_eq!(diary.len(), 0);
        let before = w.seams.now();
        w.put("blog", site(80)).await;
        running.settled().await;
        let runs = diary.all();
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].at, before, "no time passed between the commit and the run");
        assert_eq!(runs[0].reasons, ["site/blog changed at 1"]);
        running.stop().await.unwrap();
    });
}

/// A publisher whose topic can be opened once, to be checked, and then only when it is told.
fn late_publisher(seams: &Seams) -> (EventPublisher<Event<u8>>, Arc<AtomicUsize>) {
    let doors = Arc::new(AtomicUsize::new(1));
    let left = Arc::clone(&doors);
    let publisher = EventPublisher::on_demand(seams, move |topic| {
        let open = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        open.ok().map(|_| TopicSpec::new(topic, |_| (1, [])))
    });
    (publisher, doors)
}

/// behaviour C19
#[test]
fn nothing_is_reconciled_before_every_source_has_delivered_its_first_snapshot() {
    world(4, async |w| {
        w.put("blog", site(80)).await;
        let diary = Diary::default();
        let late = |publisher: &EventPublisher<Event<u8>>| {
            Source::from_publisher(publisher, SubscribeRequest::all("late"), |_| None::<Request>)
        };
        let (publisher, doors) = late_publisher(&w.seams);
        let sites = || Controller::new(&w.store, noting(&diary)).subscribe(Source::of::<Site>());
        let running = w.start(sites().subscribe(late(&publisher).with_gate()));
        w.sleep(SECOND).await;
        assert_eq!(diary.len(), 0, "one source has not delivered");
        let reasons = running.handle.status().reasons;
        assert!(reasons.len() == 1 && reasons[0].starts_with("source late: failed"), "{reasons:?}");
        doors.store(100, Ordering::Relaxed);
        running.settled().await;
        assert_eq!(diary.names(), ["blog"]);
        assert!(running.handle.is_ready());
        running.stop().await.unwrap();

        diary.clear();
        let (publisher, _doors) = late_publisher(&w.seams);
        let running = w.start(sites().subscribe(late(&publisher).without_gate()));
        w.sleep(SECOND).await;
        assert_eq!(diary.names(), ["blog"], "a source without gate is not waited for");
        running.stop().await.unwrap();
    });
}

const BY_SERIAL: Lookup<Certificate> = Lookup::new("serial", |c| vec![c.spec.serial.to_string()]);

/// behaviour C15
#[test]
fn wrong_configuration_ends_run_before_anything_starts_and_says_what_to_do() {
    world(5, async |w| {
        let nothing = || Controller::new(&w.store, reconcile_fn(async |_, _| Ok(Action::done()))).named("x");
        let narrow = Store::builder(w.backend.clone()).seams(&w.seams).scope(Scope::Kind("site".into()));
        let narrow = narrow.open().await.unwrap();
        let narrow = || Controller::new(&narrow, reconcile_fn(async |_, _| Ok(Action::done()))).named("x");
        let publisher = EventPublisher::<Event<u8>>::new(&w.seams, [TopicSpec::new("known", |_| (1, []))]);
        let unknown =
            Source::from_publisher(&publisher, SubscribeRequest::all("unknown"), |_| None::<Request>);
        let wrong = [
            (nothing().with_backoff(Duration::ZERO, SECOND), "with_backoff", "base is zero"),
            (nothing().with_backoff(SECOND, MS), "with_backoff", "swap them or raise the maximum"),
            (nothing().with_deadline(Duration::ZERO), "with_deadline", "leave it out for no deadline"),
            (nothing().with_resync(Duration::ZERO), "with_resync", "leave it out for no resync"),
            (nothing().with_placement(Placement::leader("")), "with_placement", "the lease has no name"),
            (
                nothing().with_placement(Placement::leader("l").with_ttl(MS)),
                "with_placement",
                "must be between",
            ),
            (nothing().subscribe(unknown), "subscribe", "source unknown: find topic `unknown`"),
            (narrow().subscribe(Source::of::<Certificate>()), "subscribe", "source certificate: "),
            (narrow().with_lookup(&BY_SERIAL), "with_lookup", "does not follow kind `certificate`"),
        ];
        for (controller, setting, part) in wrong {
            let checked = controller.check().unwrap_err();
            let ended = Running::start(&w.seams, controller).ended().await;
            let Err(RunError::Misconfigured(wrong)) = ended else { panic!("{setting}: {ended:?}") };
            assert_eq!((wrong.setting, wrong.controller.as_str()), (setting, "x"));
            assert!(wrong.problem.contains(part), "{wrong}");
            assert_eq!(checked, wrong, "check tells what run tells");
        }
        assert_eq!(nothing().with_workers(0).check(), Ok(()));
    });
}

#[test]
fn enqueued_before_run_is_kept_and_after_it_does_no_harm() {
    world(6, async |w| {
        let diary = Diary::default();
        let controller = Controller::new(&w.store, noting(&diary));
        let handle = controller.handle();
        handle.enqueue([Key::of::<Site>("b"), Key::of::<Site>("a")]);
        let running = w.start(controller);
        running.settled().await;
        assert_eq!(diary.names(), ["b", "a"]);
        assert_eq!(diary.all()[0].reasons, ["enqueued"]);
        running.stop().await.unwrap();
        handle.enqueue(Key::of::<Site>("c"));
        handle.add_trigger(Key::of::<Site>("c"), async { Ok(()) });
        w.sleep(SECOND).await;
        assert_eq!(diary.len(), 2);
    });
}

#[test]
fn dropping_run_stops_all_it_has_started() {
    world(7, async |w| {
        w.put("blog", site(80)).await;
        let guard = Arc::new(());
        let held = Arc::clone(&guard);
        let controller = Controller::new(
            &w.store,
            reconcile_with(held, async |_held, ctx, _| {
                ctx.sleep(3600 * SECOND).await;
                Ok(Action::done())
            }),
        );
        let handle = controller.handle();
        let controller = controller.subscribe(Source::of::<Site>());
        let run = controller.run(std::future::pending());
        let mut run = Box::pin(run);
        let early = w.seams.sleep(SECOND);
        futures_select(&mut run, early).await;
        assert!(handle.synced().await);
        drop(run);
        w.sleep(MS).await;
        assert_eq!(Arc::strong_count(&guard), 1, "worker and reconciler are gone");
    });
}

/// Drives a future until another ends.
async fn futures_select(run: &mut (impl Future + Unpin), until: impl Future<Output = ()>) {
    let mut until = std::pin::pin!(until);
    std::future::poll_fn(|cx| {
        assert!(std::pin::Pin::new(&mut *run).poll(cx).is_pending());
        until.as_mut().poll(cx)
    })
    .await;
}
