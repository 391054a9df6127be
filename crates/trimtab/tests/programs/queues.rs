//! 6: queues and limiters alone, and both exchanged in a controller.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use trimtab::queue::{Add, Claim, Finish, Item, Merge, Outcome, WorkQueue};

/// A queue of one's own: last in, first out; no delays, no priorities.
struct Lifo<T, D>(Arc<Stack<T, D>>);

struct Stack<T, D> {
    state: Mutex<State<T, D>>,
    changed: Notify,
}

struct State<T, D> {
    line: Vec<(T, D)>,
    running: Vec<T>,
    shut: bool,
}

impl<T: Item, D: Merge> Stack<T, D> {
    fn push(&self, item: T, data: D) {
        let line = &mut self.state.lock().line;
        match line.iter_mut().find(|waiting| waiting.0 == item) {
            Some(waiting) => waiting.1.merge(data),
            None => line.push((item, data)),
        }
        self.changed.notify_one();
    }

    fn pop(&self) -> Option<(T, D)> {
        let State { line, running, .. } = &mut *self.state.lock();
        let last = line.iter().rposition(|(item, _)| !running.contains(item))?;
        running.push(line[last].0.clone());
        Some(line.remove(last))
    }
}

impl<T: Item, D: Merge> WorkQueue<T, D> for Lifo<T, D> {
    fn push(&self, add: Add<T, D>) {
        self.0.push(add.item, add.data);
    }

    async fn get(&self) -> Option<Claim<T, D>> {
        loop {
            let changed = self.0.changed.notified();
            if self.0.state.lock().shut {
                return None;
            }
            if let Some((item, data)) = self.0.pop() {
                return Some(Claim::new(item, data, Arc::clone(&self.0) as Arc<dyn Finish<T, D>>));
            }
            changed.await;
        }
    }

    fn forget(&self, _: &T) {}

    fn shutdown(&self) {
        self.0.state.lock().shut = true;
        self.0.changed.notify_waiters();
    }
}

impl<T: Item, D: Merge> Finish<T, D> for Stack<T, D> {
    fn finish(&self, item: T, data: D, outcome: Outcome) {
        self.state.lock().running.retain(|running| *running != item);
        match outcome {
            Outcome::Done => self.changed.notify_one(), // it may have been added meanwhile
            _ => self.push(item, data),
        }
    }
}

impl<T, D> Default for Lifo<T, D> {
    fn default() -> Self {
        let state = Mutex::new(State { line: Vec::new(), running: Vec::new(), shut: false });
        Self(Arc::new(Stack { state, changed: Notify::new() }))
    }
}

mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use trimtab::prelude::*;
    use trimtab::queue::{
        Add, DeferQueue, ExponentialBackoff, MaxOf, QueueSettings, RateLimitedQueue, RateLimiter,
        TokenBucket, WorkQueue as _,
    };
    use trimtab::seams::virtual_time;

    use super::Lifo;
    use crate::databases::Database;
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
}
