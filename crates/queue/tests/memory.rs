//! Memory follows the live keys.

use std::time::Duration;

use trimtab_queue::{Add, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::virtual_time;

/// behaviour Q16
/// guarantee Q-g
#[test]
fn memory_grows_with_live_keys_and_is_given_back() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        assert_eq!(queue.capacity(), 0);
        queue.push_all((0..100_000).map(Add::now));
        assert!(queue.capacity() <= 100_000 + 256, "{}", queue.capacity());
        for _ in 0..100_000 {
            queue.get().await.expect("not shut down").done();
        }
        assert_eq!(queue.capacity(), 256, "one block is kept");
    });
}

/// behaviour Q16: a million keys go through, ten at a time
#[test]
fn keys_that_come_and_go_cost_nothing_when_they_are_gone() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        for key in 0..100_000 {
            queue.add(key);
            queue.add_after(key + 1_000_000, Duration::from_nanos(1));
            if key % 10 == 9 {
                for _ in 0..20 {
                    queue.get().await.expect("not shut down").done();
                }
                assert_eq!((queue.capacity(), queue.report_all().len()), (256, 0));
            }
        }
    });
}

/// behaviour Q16: what a failing key holds is given back by a success, by forgetting, and by a cancel of what was deferred
#[test]
fn failing_and_deferred_keys_are_gone_when_they_succeed_are_forgotten_or_cancelled() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        for key in 0..1000 {
            queue.add_rate_limited(key, "no");
        }
        for _ in 0..500 {
            queue.get().await.expect("not shut down").done();
        }
        let failing = queue.failing();
        assert_eq!(failing.len(), 500);
        for key in &failing {
            queue.forget(&key.item);
        }
        assert_eq!((queue.counters().failing, queue.counters().deferred), (0, 500), "their retries stand");
        for key in &failing {
            assert!(queue.cancel(&key.item));
        }
        assert_eq!((queue.capacity(), queue.report_all().len()), (256, 0));
    });
}
