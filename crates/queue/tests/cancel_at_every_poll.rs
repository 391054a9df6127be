//! Futures dropped at every one of their polls: nothing is lost, nothing runs twice.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use trimtab_queue::{DeferQueue, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::{Instant, Seams, virtual_time};

const MS: Duration = Duration::from_millis(1);
const KEYS: u32 = 12;

/// Polls a future so often, then ends without it.
struct Cut<F> {
    future: Pin<Box<F>>,
    polls: u32,
}

impl<F: Future> Future for Cut<F> {
    type Output = Option<F::Output>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        let polled = self.future.as_mut().poll(cx).map(Some);
        if polled.is_pending() && self.polls == 0 { Poll::Ready(None) } else { polled }
    }
}

fn cut<F: Future>(polls: u32, future: F) -> Cut<F> {
    Cut { future: Box::pin(future), polls }
}

/// Successes by key.
type Done = Arc<Mutex<Vec<u32>>>;

async fn work(queue: RateLimitedQueue<u32>, seams: Seams, done: Done) {
    while let Some(claim) = queue.get().await {
        seams.sleep(MS).await;
        done.lock().unwrap()[claim.to_owned() as usize] += 1;
        claim.done();
    }
}

/// Three workers; the first is cut after so many polls, wherever it is then. True if it was.
fn one_worker_is_cut(seed: u64, polls: u32) -> bool {
    virtual_time::run(seed, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        let done = Done::new(Mutex::new(vec![0; KEYS as usize]));
        for _ in 0..2 {
            seams.spawn("worker", work(queue.clone(), seams.clone(), Arc::clone(&done)));
        }
        let adding = (queue.clone(), seams.clone());
        seams.spawn("adder", async move {
            for key in 0..KEYS {
                match key % 3 {
                    0 => adding.0.add(key),
                    1 => adding.0.add_after(key, 2 * MS),
                    _ => adding.0.add_after(key, (20 - key) * MS),
                }
                if key % 4 == 3 {
                    adding.1.sleep(MS).await;
                }
            }
        });
        let end = seams.sleep(Duration::from_secs(10));
        let cut = cut(polls, work(queue.clone(), seams.clone(), Arc::clone(&done)));
        let mut was_cut = false;
        {
            // The cut worker is dropped at once, not when the test ends.
            let (mut cut, mut end) = (Some(cut), pin!(end));
            std::future::poll_fn(|cx| {
                if let Some(Poll::Ready(None)) = cut.as_mut().map(|cut| Pin::new(cut).poll(cx)) {
                    (cut, was_cut) = (None, true);
                }
                end.as_mut().poll(cx)
            })
            .await;
        }
        // What ran when its worker was cut failed, and ran again; nothing else ran twice.
        assert_eq!(*done.lock().unwrap(), [1; KEYS as usize], "seed {seed}, cut after {polls} polls");
        assert!(queue.report_all().is_empty());
        was_cut
    })
}

/// behaviour Q13
/// guarantee Q-j
#[test]
fn a_worker_dropped_at_any_poll_loses_and_repeats_nothing() {
    for seed in 0..50 {
        let cut = (1..60).take_while(|&polls| one_worker_is_cut(seed, polls)).count();
        assert!((5..59).contains(&cut), "every poll of the worker was tried: {cut}");
    }
}

/// behaviour Q13
/// guarantee Q-j
#[test]
fn a_get_dropped_at_every_poll_and_made_anew_misses_nothing() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        for key in 0..KEYS {
            queue.add_after(key, (1 + key / 3) * MS);
        }
        let mut seen = Vec::new();
        while seen.len() < KEYS as usize {
            if let Some(Some(claim)) = cut(1, queue.get()).await {
                seen.push(*claim);
                claim.done();
            } else {
                seams.sleep(MS / 4).await;
            }
        }
        assert!(seen.into_iter().eq(0..KEYS));
    });
}

/// guarantee Q-j
#[test]
fn a_defer_queues_process_dropped_at_any_poll_calls_back_for_each_item_at_most_once_and_in_time() {
    for polls in 1..20 {
        virtual_time::run(1, async |seams| {
            let queue = DeferQueue::new(&seams);
            let handle = queue.handle();
            for key in 0..KEYS {
                handle.defer(key, Instant::ORIGIN + (1 + key) * MS);
            }
            let mut seen = Vec::new();
            cut(polls, queue.process(seams.sleep(50 * MS), |key| seen.push((key, seams.now())))).await;
            let expected = (0..KEYS).map(|key| (key, Instant::ORIGIN + (1 + key) * MS));
            assert!(seen.iter().copied().eq(expected.take(seen.len())));
            assert!(handle.is_empty(), "what was deferred is dropped with the processing");
        });
    }
}

/// behaviour Q11
/// guarantee Q-j
#[test]
fn a_drain_dropped_at_any_poll_goes_on() {
    for polls in 0..4 {
        virtual_time::run(1, async |seams| {
            let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
            (0..KEYS).for_each(|key| queue.add(key));
            let done = Done::new(Mutex::new(vec![0; KEYS as usize]));
            seams.spawn("worker", work(queue.clone(), seams.clone(), Arc::clone(&done)));
            cut(polls, queue.shutdown_and_drain()).await;
            queue.shutdown_and_drain().await;
            assert_eq!(*done.lock().unwrap(), [1; KEYS as usize]);
        });
    }
}
