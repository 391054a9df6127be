//! Real threads: producers and consumers at full speed, in both kinds of shutdown.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use trimtab_queue::{Add, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::Seams;

const PRODUCERS: usize = 50;
const ADDS: usize = 50;
const CONSUMERS: usize = 10;

/// Takes keys until the queue ends, and notes that no key is in two hands.
async fn consume(
    queue: RateLimitedQueue<usize>,
    held: Arc<[AtomicUsize; PRODUCERS]>,
    seen: Arc<Mutex<Vec<usize>>>,
) {
    while let Some(claim) = queue.get().await {
        assert_eq!(held[*claim].fetch_add(1, Ordering::SeqCst), 0, "{} is in two hands", *claim);
        tokio::task::yield_now().await;
        seen.lock().unwrap().push(*claim);
        held[*claim].fetch_sub(1, Ordering::SeqCst);
        claim.done();
    }
}

/// 50 producers add 50 times each while 10 consumers work; the queue ends when all have been seen.
async fn fifty_producers_and_ten_consumers(drained: bool) {
    let seams = Seams::tokio();
    let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
    let held = Arc::new([const { AtomicUsize::new(0) }; PRODUCERS]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let running = Arc::new(tokio::sync::Semaphore::new(0));
    for _ in 0..CONSUMERS {
        let (queue, held, seen) = (queue.clone(), Arc::clone(&held), Arc::clone(&seen));
        let running = Arc::clone(&running);
        seams.spawn("consumer", async move {
            consume(queue, held, seen).await;
            running.add_permits(1);
        });
    }
    std::thread::scope(|scope| {
        for producer in 0..PRODUCERS {
            let queue = &queue;
            scope.spawn(move || {
                for _ in 0..ADDS {
                    queue.add(producer);
                    std::thread::yield_now();
                }
            });
        }
    });
    if drained {
        queue.shutdown_and_drain().await;
    } else {
        while queue.counters().ready + queue.counters().running > 0 {
            tokio::task::yield_now().await;
        }
        queue.shutdown();
    }
    queue.add(0);
    let _all_ended = running.acquire_many(u32::try_from(CONSUMERS).unwrap()).await.unwrap();
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    assert!(seen.len() <= PRODUCERS * ADDS, "no run without an add");
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), PRODUCERS, "every key was seen");
    assert_eq!((queue.len(), queue.report_all().len()), (0, 0), "what came late was not taken");
}

/// behaviour Q1, Q2, Q3, Q11: client-go's "basic", shut down
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_producers_and_ten_consumers_end_by_shutdown() {
    fifty_producers_and_ten_consumers(false).await;
}

/// behaviour Q1, Q2, Q3, Q11: client-go's "basic", drained
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_producers_and_ten_consumers_end_by_a_drain() {
    fifty_producers_and_ten_consumers(true).await;
}

/// behaviour Q1, L2: one key from many threads
#[test]
fn a_key_added_from_many_threads_is_in_line_once_and_its_failures_are_all_counted() {
    let queue = RateLimitedQueue::new(QueueSettings::new(&Seams::tokio()));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    queue.push(Add::now("line"));
                    queue.push(Add::rate_limited("failing", "no"));
                }
            });
        }
    });
    assert_eq!(queue.failures(&"failing"), 800);
    assert_eq!(queue.report_all().len(), 2);
}
