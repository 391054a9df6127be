//! 6: queues and limiters alone, and both exchanged in a controller.

use std::sync::Arc;

use parking_lot::Mutex;
use trimtab::prelude::*;
use trimtab::queue::{
    Add, DeferQueue, ExponentialBackoff, MaxOf, QueueSettings, RateLimitedQueue, RateLimiter, TokenBucket,
    WorkQueue as _,
};
use trimtab::seams::virtual_time;

use crate::databases::Database;
use crate::lifo::Lifo;
use crate::stage::{MINUTE, MS, SECOND, until, with_store};

fn work(page: &str, failures: u32) -> Result<(), String> {
    if page == "broken" && failures < 3 { Err(format!("{page} cannot be printed")) } else { Ok(()) }
}

#[test]
fn a_worker_on_a_queue() {
    virtual_time::run(6, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        queue.push_all(["first", "broken", "first", "second"].map(Add::now));
        let mut printed = Vec::new();
        while let Some(claim) = queue.get().await {
            match work(&claim, claim.failures()) {
                Ok(()) => {
                    printed.push(*claim);
                    claim.done();
                }
                Err(error) => claim.retry(error),
            }
            if printed.len() == 3 {
                queue.shutdown();
            }
        }
        assert_eq!(printed, ["first", "second", "broken"]);
    });
}

#[test]
fn items_at_their_time() {
    virtual_time::run(6, async |seams| {
        let later = DeferQueue::new(&seams);
        let handle = later.handle();
        handle.defer("tea", seams.now() + 4 * MINUTE);
        handle.defer("eggs", seams.now() + 6 * MINUTE);
        handle.defer("toast", seams.now() + 2 * MINUTE);
        handle.cancel(&"eggs");
        let mut ready = Vec::new();
        later.process(seams.sleep(10 * MINUTE), |item| ready.push((item, seams.now()))).await;
        let minutes: Vec<_> =
            ready.iter().map(|(item, at)| (*item, at.as_nanos() / 60_000_000_000)).collect();
        assert_eq!(minutes, [("toast", 2), ("tea", 4)]);
    });
}

#[test]
fn delays_without_a_queue() -> Result<(), Box<dyn std::error::Error>> {
    let limiter = RateLimiter::new(MS, MINUTE)?;
    assert_eq!([(); 3].map(|()| limiter.next_retry(&"x")), [MS, 2 * MS, 4 * MS]);
    limiter.forget(&"x");
    assert_eq!(limiter.next_retry(&"x"), MS);
    Ok(())
}

/// At most ten retries a second over all keys, whatever each key's own delay is.
#[test]
fn a_controller_with_another_limiter() {
    with_store(6, async |store| {
        let fails = reconcile_fn(async |_, _| Err("out of order".into()));
        let controller = Controller::new(&store, fails)
            .subscribe(Source::of::<Database>())
            .with_limiter(|| MaxOf(ExponentialBackoff::default(), TokenBucket::new(10.0, 100)))
            .with_workers(4);
        let handle = controller.handle();
        for number in 0..50 {
            let database = Database { replicas: 1 }.named(format!("db-{number}"));
            store.commit(database.apply()).await.unwrap();
        }
        controller.run(store.seams().sleep(10 * SECOND)).await.unwrap();
        let retries = handle.metrics().reconciles.failed - 50;
        assert!((190..=200).contains(&retries), "a burst of 100, then 10 a second: {retries}");
    });
}

#[test]
fn a_controller_with_a_queue_of_ones_own() {
    with_store(6, async |store| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let noting = reconcile_with(Arc::clone(&order), async |order, _, request| {
            order.lock().push(request.name().to_owned());
            Ok(Action::done())
        });
        for name in ["a", "b", "c"] {
            store.commit(Database { replicas: 1 }.named(name).apply()).await.unwrap();
        }
        Controller::new(&store, noting)
            .subscribe(Source::of::<Database>())
            .with_queue_factory(|_| Lifo::default())
            .run(until(store.seams(), || order.lock().len() == 3))
            .await
            .unwrap();
        assert_eq!(*order.lock(), ["c", "b", "a"]);
    });
}
