//! Failures in the queue: counted, delayed, readable.

use std::error::Error;
use std::sync::Mutex;
use std::time::Duration;

use trimtab_queue::{
    Claim, ExponentialBackoff, Failure, KeyState, Limiter, QueueSettings, RateLimitedQueue, WorkQueue,
};
use trimtab_seams::{Instant, Seams, virtual_time};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn exact(seams: &Seams) -> RateLimitedQueue<&'static str> {
    let backoff = ExponentialBackoff::new(5 * MS, SECOND).expect("a good backoff").with_jitter(false);
    RateLimitedQueue::new(QueueSettings::new(seams).with_backoff(backoff))
}

async fn get(queue: &RateLimitedQueue<&'static str>) -> Claim<&'static str> {
    queue.get().await.expect("not shut down")
}

/// behaviour L1, L3
/// guarantee Q-e
#[test]
fn a_failing_key_comes_back_after_5_10_20_ms_and_so_on_up_to_the_cap() {
    virtual_time::run(1, async |seams| {
        let queue = exact(&seams);
        queue.add("a");
        let mut claim = get(&queue).await;
        for expected in [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000] {
            let failed_at = seams.now();
            claim.retry("no");
            claim = get(&queue).await;
            assert_eq!(seams.now() - failed_at, expected * MS);
        }
        assert_eq!(claim.failures(), 10);
    });
}

/// behaviour L2, C9
#[test]
fn failures_are_counted_per_key_and_a_success_starts_over() {
    virtual_time::run(1, async |seams| {
        let queue = exact(&seams);
        queue.add("bad");
        for _ in 0..3 {
            get(&queue).await.retry("no");
        }
        queue.add("good");
        get(&queue).await.retry("once");
        assert_eq!((queue.failures(&"bad"), queue.failures(&"good")), (3, 1));
        let claim = get(&queue).await;
        assert_eq!(*claim, "good", "its delay is the first one");
        claim.done();
        assert_eq!((queue.failures(&"bad"), queue.failures(&"good")), (3, 0));
        queue.forget(&"bad");
        assert_eq!(queue.failures(&"bad"), 0);
        assert_eq!(*get(&queue).await, "bad", "forgetting does not take the promised retry back");
    });
}

/// behaviour L2: the seed's way, two calls instead of one outcome
#[test]
fn adding_rate_limited_and_then_done_retries_with_growing_delays() {
    virtual_time::run(1, async |seams| {
        let queue = exact(&seams);
        queue.add("a");
        let mut claim = get(&queue).await;
        for expected in [5, 10, 20] {
            queue.add_rate_limited("a", "no");
            claim.done();
            let before = seams.now();
            claim = get(&queue).await;
            assert_eq!(seams.now() - before, expected * MS);
        }
        claim.done();
        assert!(queue.report_all().is_empty());
    });
}

/// behaviour L3
/// guarantee Q-e
#[test]
fn with_jitter_delays_are_shorter_by_up_to_a_fifth_and_repeat_with_the_seed() {
    let delays = |seed| {
        virtual_time::run(seed, async |seams| {
            let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
            (0..200).for_each(|key| queue.add_rate_limited(key, "no"));
            let due = |key: i32| queue.report(&key).and_then(|key| key.next_run).expect("promised");
            (0..200).map(|key| due(key) - Instant::ORIGIN).collect::<Vec<_>>()
        })
    };
    let first = delays(1);
    assert!(first.iter().all(|delay| (4 * MS..=5 * MS).contains(delay)), "{first:?}");
    assert!(first.iter().max() > first.iter().min());
    assert_eq!(first, delays(1));
    assert_ne!(first, delays(2));
}

#[derive(Debug, thiserror::Error)]
#[error("busy")]
struct Busy(Duration);

/// Hears of errors; waits as long as they ask.
struct Asked(Mutex<Vec<(u32, String)>>);

impl Limiter<&'static str> for &'static Asked {
    fn next_retry(&self, item: &&'static str, failure: &Failure<'_>) -> Duration {
        let error = failure.error.expect("the queue tells the error");
        self.0.lock().unwrap().push((failure.count, format!("{item}: {error}")));
        error.downcast_ref::<Busy>().map_or(MS, |busy| busy.0)
    }
    fn forget(&self, item: &&'static str) {
        self.0.lock().unwrap().push((0, format!("{item} forgotten")));
    }
}

/// behaviour L5
#[test]
fn the_limiter_hears_of_the_error_which_may_say_how_long_to_wait() {
    static ASKED: Asked = Asked(Mutex::new(Vec::new()));
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams).with_limiter(&ASKED));
        queue.add("a");
        get(&queue).await.retry("no");
        get(&queue).await.retry(Busy(9 * SECOND));
        let before = seams.now();
        let claim = get(&queue).await;
        assert_eq!(seams.now() - before, 9 * SECOND);
        claim.done();
        queue.add("never failed");
        get(&queue).await.done();
    });
    let heard = ASKED.0.lock().unwrap().clone();
    let expected = [(0, "a: no"), (1, "a: busy"), (0, "a forgotten")];
    assert_eq!(heard, expected.map(|(count, text)| (count, text.to_owned())));
}

#[derive(Debug, thiserror::Error)]
#[error("bucket not made")]
struct NotMade(#[source] Busy);

/// behaviour L6
#[test]
fn which_keys_fail_how_often_since_when_and_why_is_readable_at_any_time() {
    virtual_time::run(1, async |seams| {
        let queue = exact(&seams);
        queue.add("b");
        get(&queue).await.retry("first");
        seams.sleep(SECOND).await;
        queue.add("a");
        queue.add_after("fine", 60 * SECOND);
        let claims = [get(&queue).await, get(&queue).await];
        for claim in claims {
            claim.retry(Box::new(NotMade(Busy(SECOND))) as Box<dyn Error + Send + Sync>);
        }
        let failing = queue.failing();
        let keys: Vec<_> = failing.iter().map(|key| key.item).collect();
        assert_eq!(keys, ["b", "a"], "longest failing first");
        let b = failing[0].failing.as_ref().expect("it fails");
        assert_eq!((b.failures, &*b.error, b.terminal), (2, "bucket not made: busy", false));
        assert_eq!(b.since, Instant::ORIGIN, "since the first failure in a row");
        assert_eq!(failing[0].next_run, Some(Instant::ORIGIN + SECOND + 10 * MS));
        assert_eq!(failing[0].state, KeyState::Failing);

        let counters = queue.counters();
        assert_eq!((counters.failing, counters.deferred, counters.retries), (2, 1, 3));
        let running = get(&queue).await;
        assert_eq!(queue.failing().len(), 1, "a key that runs again is running, for people");
        assert!(queue.report(&running).and_then(|key| key.failing).is_some());
    });
}
