//! The seed's limiter: counts per item, alone.

use std::time::Duration;

use trimtab_queue::{ExponentialBackoff, InvalidBackoff, RateLimiter, TokenBucket};
use trimtab_seams::{Seams, virtual_time};

const MS: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

/// behaviour L1, L2: the seed's own test
#[test]
fn the_seeds_sequence_is_per_item_and_restarts_when_forgotten() {
    let limiter = RateLimiter::new(MS, MINUTE).unwrap();
    let next: Vec<_> = (0..6).map(|_| limiter.next_retry(&"one").as_millis()).collect();
    assert_eq!(next, [1, 2, 4, 8, 16, 32]);
    assert_eq!(
        [limiter.next_retry(&"two"), limiter.next_retry(&"two")],
        [MS, 2 * MS],
        "keys are independent"
    );
    assert_eq!((limiter.failures(&"one"), limiter.failures(&"two")), (6, 2));
    limiter.forget(&"one");
    assert_eq!((limiter.next_retry(&"one"), limiter.next_retry(&"two")), (MS, 4 * MS));
    for _ in 0..1000 {
        limiter.next_retry(&"two");
    }
    assert_eq!(limiter.next_retry(&"two"), MINUTE);
    assert_eq!(
        RateLimiter::<u32>::new(MINUTE, MS).err(),
        Some(InvalidBackoff::BaseAboveMax { base: MINUTE, max: MS })
    );
}

/// behaviour L2: the seed's limiter has a data race here
#[test]
fn failures_from_many_threads_are_all_counted() {
    let limiter = RateLimiter::new(MS, MINUTE).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let limiter = &limiter;
            scope.spawn(move || {
                for n in 0..1000 {
                    limiter.next_retry(&"shared");
                    limiter.next_retry(&["even", "odd"][(thread + n) % 2]);
                }
            });
        }
    });
    assert_eq!(limiter.failures(&"shared"), 8000);
    assert_eq!(limiter.failures(&"even") + limiter.failures(&"odd"), 8000);
}

/// behaviour Q16, L2: the peers keep 56 bytes a key for ever
#[test]
fn memory_is_given_back_when_items_are_forgotten() {
    let limiter = RateLimiter::new(MS, MINUTE).unwrap();
    for key in 0..10_000 {
        limiter.next_retry(&key);
    }
    assert!(limiter.capacity() >= 10_000);
    (0..10_000).for_each(|key| limiter.forget(&key));
    assert!(limiter.capacity() <= 64, "{}", limiter.capacity());
}

/// behaviour L3, L4
#[test]
fn over_any_limiter_time_and_jitter_come_from_the_seams() {
    virtual_time::run(1, async |seams: Seams| {
        let bucket = RateLimiter::over(TokenBucket::new(10.0, 1), &seams);
        assert_eq!([bucket.next_retry(&1), bucket.next_retry(&2)], [Duration::ZERO, 100 * MS]);
        seams.sleep(MINUTE).await;
        assert_eq!(bucket.next_retry(&1), Duration::ZERO);

        let jittered = RateLimiter::over(ExponentialBackoff::default(), &seams);
        let delays: Vec<_> = (0..20).map(|key| jittered.next_retry(&key)).collect();
        assert!(delays.iter().all(|delay| (4 * MS..=5 * MS).contains(delay)));
        assert!(delays.iter().any(|delay| *delay != delays[0]));
    });
}
