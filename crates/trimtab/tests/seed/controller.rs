//! The seed's `Controller`, method by method, and `New`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trimtab::prelude::*;
use trimtab::queue::RateLimitedQueue;
use trimtab::{Draft, Trigger};

use crate::Seen;
use crate::stage::{MS, SECOND, until, with_store};

async fn put(store: &Store, kind: &str, name: &str) {
    let draft = Draft::json(kind, name, &serde_json::json!({ "name": name }));
    store.commit(draft.apply()).await.unwrap();
}

/// `Controller`: subscribed, configured, run until its context ends.
/// behaviour C1
#[test]
fn controller_is_a_builder_that_runs_until_its_shutdown() {
    with_store(1, async |store| {
        let seen = Seen::default();
        put(&store, "api-gateway", "edge").await;
        let controller = Controller::new(&store, seen.clone()).subscribe(Source::kind("api-gateway"));
        let begun = store.seams().now();
        assert_eq!(controller.run(store.seams().sleep(SECOND)).await, Ok(()));
        assert_eq!(store.seams().now() - begun, SECOND);
        assert_eq!(seen.names(), ["edge"]);
    });
}

/// `New(publisher, reconciler)`: the store brings the publisher. Over a publisher without a store: `bare_publisher`.
#[test]
fn new_takes_the_store_and_the_reconciler() {
    with_store(1, async |store| {
        let handle = Controller::new(&store, Seen::default()).handle();
        assert!(!handle.is_ready(), "made, and not running");
        assert_eq!((handle.keys().len(), handle.failing().len()), (0, 0));
    });
}

/// `Controller.Run`: a wrong set-up is an error of it, never a panic and never a silent end. Run twice, it does not compile: `compile_fail`.
/// behaviour C15
#[test]
fn run_answers_with_a_typed_error() {
    with_store(1, async |store| {
        let wrong = Controller::new(&store, Seen::default()).with_backoff(2 * SECOND, SECOND);
        let error = wrong.run(std::future::pending()).await.unwrap_err().to_string();
        assert!(error.contains("with_backoff") && error.contains("2s") && error.contains("1s"), "{error}");
    });
}

/// `Controller.Subscribe(request, transformers...)`: without a transformer the entry itself is the request.
/// behaviour C3
#[test]
fn subscribe_hears_of_every_change() {
    with_store(1, async |store| {
        let seen = Seen::default();
        let controller = Controller::new(&store, seen.clone())
            .subscribe(Source::kind("api-gateway"))
            .subscribe(Source::from(trimtab::SubscribeRequest::one("http-route", "default/default/one")));
        let handle = controller.handle();
        let settled = async || until(store.seams(), || handle.is_settled()).await;
        let script = async {
            settled().await;
            for (kind, name) in [("api-gateway", "a"), ("http-route", "one"), ("http-route", "two")] {
                put(&store, kind, name).await;
            }
            settled().await;
            let mut keys: Vec<_> = seen.take().iter().map(ToString::to_string).collect();
            keys.sort();
            assert_eq!(keys, ["api-gateway/a", "http-route/one"], "one subject of the topic was asked for");
        };
        controller.run(script).await.unwrap();
    });
}

/// `Controller.WithBackoff(base, max)`.
/// behaviour L3
#[test]
fn with_backoff_bounds_the_delays() {
    with_store(1, async |store| {
        put(&store, "api-gateway", "edge").await;
        let fails = reconcile_fn(async |_, _| Err("not today".into()));
        let controller = Controller::new(&store, fails)
            .subscribe(Source::kind("api-gateway"))
            .with_backoff(SECOND, 4 * SECOND);
        let handle = controller.handle();
        controller.run(store.seams().sleep(100 * SECOND)).await.unwrap();
        let runs = handle.metrics().reconciles.failed;
        // 1, 2, 4, 4, 4 ... seconds, each shortened by up to a fifth.
        assert!((26..=33).contains(&runs), "{runs}");
    });
}

/// `Controller.WithWorkers(n)`: so many at the same time, and one unless told.
/// behaviour C1
#[test]
fn with_workers_says_how_many_run_at_once() {
    let most_at_once = |workers: Option<usize>| {
        with_store(1, async |store| {
            for name in ["a", "b", "c", "d", "e"] {
                put(&store, "api-gateway", name).await;
            }
            let now_and_most = Arc::new([const { AtomicUsize::new(0) }; 2]);
            let slow = reconcile_with(Arc::clone(&now_and_most), async |counts, ctx, _| {
                let [now, most] = &**counts;
                most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                ctx.sleep(SECOND).await;
                now.fetch_sub(1, Ordering::Relaxed);
                Ok(Action::done())
            });
            let mut controller = Controller::new(&store, slow).subscribe(Source::kind("api-gateway"));
            if let Some(workers) = workers {
                controller = controller.with_workers(workers);
            }
            let handle = controller.handle();
            controller.run(until(store.seams(), || handle.is_settled())).await.unwrap();
            now_and_most[1].load(Ordering::Relaxed)
        })
    };
    assert_eq!([None, Some(0), Some(1), Some(3), Some(10)].map(most_at_once), [1, 1, 1, 3, 5]);
}

/// `Controller.WithQueueFactory(fn)`: given base, maximum and limiter, as the seed's is given base and maximum; its context is `shutdown`.
#[test]
fn with_queue_factory_replaces_the_queue() {
    with_store(1, async |store| {
        put(&store, "api-gateway", "edge").await;
        let (seen, made) = (Seen::default(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&made);
        let controller = Controller::new(&store, seen.clone())
            .subscribe(Source::kind("api-gateway"))
            .with_backoff(7 * MS, SECOND)
            .with_queue_factory(move |settings| {
                assert_eq!((settings.base, settings.max), (7 * MS, SECOND));
                count.fetch_add(1, Ordering::Relaxed);
                RateLimitedQueue::carrying(settings)
            });
        controller.run(until(store.seams(), || seen.len() == 1)).await.unwrap();
        assert_eq!(made.load(Ordering::Relaxed), 1);
    });
}

/// `Controller.AddTrigger(request, fn)`. The rest of triggers: `consul_triggers`.
/// behaviour T1
#[test]
fn add_trigger_enqueues_when_its_future_ends() {
    with_store(1, async |store| {
        let seen = Seen::default();
        let controller = Controller::new(&store, seen.clone());
        let handle = controller.handle();
        handle.add_trigger(Request::new("api-gateway", "edge"), Trigger::after(SECOND));
        let begun = store.seams().now();
        controller.run(until(store.seams(), || seen.len() == 1)).await.unwrap();
        assert_eq!((store.seams().now() - begun).as_secs(), 1);
    });
}

/// `Controller.RemoveTrigger(request)`; of an unknown request it does nothing.
/// behaviour T4
#[test]
fn remove_trigger_takes_it_back() {
    with_store(1, async |store| {
        let seen = Seen::default();
        let controller = Controller::new(&store, seen.clone());
        let handle = controller.handle();
        let edge = Request::new("api-gateway", "edge");
        handle.add_trigger(edge.clone(), Trigger::after(SECOND));
        handle.remove_trigger(&edge);
        handle.remove_trigger(&Request::new("api-gateway", "unknown"));
        controller.run(store.seams().sleep(10 * SECOND)).await.unwrap();
        assert_eq!(seen.len(), 0);
    });
}

/// `Controller.Enqueue(requests...)`: one, several, an entry; before the run, during it, and harmless after it.
#[test]
fn enqueue_takes_any_number_of_requests() {
    with_store(1, async |store| {
        let seen = Seen::default();
        let controller = Controller::new(&store, seen.clone());
        let handle = controller.handle();
        handle.enqueue(Request::new("api-gateway", "early"));
        let script = async {
            handle.enqueue(["one", "two"].map(|name| Request::new("api-gateway", name)));
            handle.enqueue(vec![Request::new("api-gateway", "one")]);
            until(store.seams(), || handle.is_settled()).await;
        };
        controller.run(script).await.unwrap();
        handle.enqueue(Request::new("api-gateway", "late"));
        assert_eq!(seen.names(), ["early", "one", "two"]);
    });
}
