//! The limiters, alone: sequences, extremes, compositions.

use std::time::Duration;

use trimtab_queue::{
    AtMost, ExponentialBackoff, Failure, FastSlow, InvalidBackoff, Limiter, MaxOf, TokenBucket,
};
use trimtab_seams::{Instant, Random, Seeded};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn exact(base: Duration, max: Duration) -> ExponentialBackoff {
    ExponentialBackoff::new(base, max).expect("a good backoff").with_jitter(false)
}

fn delays(limiter: &impl Limiter<str>, failures: u32) -> Vec<u128> {
    (0..failures).map(|n| limiter.next_retry("key", &Failure::nth(n)).as_millis()).collect()
}

/// behaviour L1, L3: client-go's limiter sequence
#[test]
fn the_exact_sequence_doubles_from_the_base_to_the_cap() {
    assert_eq!(delays(&exact(MS, SECOND), 12), [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000]);
    let default = ExponentialBackoff::default();
    assert_eq!((default.base(), default.max()), (5 * MS, 1000 * SECOND));
    assert_eq!(delays(&default.with_jitter(false), 3), [5, 10, 20]);
}

/// behaviour L1: client-go's overflow
#[test]
fn no_count_base_or_cap_overflows() {
    let count = |limiter: ExponentialBackoff, n| limiter.next_retry("key", &Failure::nth(n));
    for n in [64, 127, 128, 1000, 1_000_000, u32::MAX] {
        assert_eq!(count(exact(MS, 1000 * SECOND), n), 1000 * SECOND);
        assert_eq!(count(exact(Duration::MAX, Duration::MAX), n), Duration::MAX);
        assert_eq!(count(exact(Duration::from_nanos(1), Duration::MAX), n.max(100)), Duration::MAX);
    }
    assert_eq!(count(exact(Duration::from_nanos(1), Duration::MAX), 62), Duration::from_nanos(1 << 62));
    let years = Duration::from_secs(1 << 40);
    assert_eq!(count(exact(years, Duration::MAX), 20), Duration::from_secs(1 << 60));
}

/// behaviour L3
#[test]
fn jitter_shortens_each_delay_by_at_most_a_fifth() {
    let random = Seeded::new(1);
    for limiter in [ExponentialBackoff::default(), ExponentialBackoff::new(MS, Duration::MAX).unwrap()] {
        for n in [0, 1, 7, 60, 1_000_000] {
            let whole = limiter.next_retry("key", &Failure::nth(n));
            let mut shortest = whole;
            for _ in 0..1000 {
                let delay = limiter.next_retry("key", &Failure::nth(n).with_random(random.next_u64()));
                assert!(delay <= whole && delay >= whole / 5 * 4, "{delay:?} of {whole:?}");
                shortest = shortest.min(delay);
            }
            assert!(shortest < whole);
        }
    }
}

/// behaviour C1
#[test]
fn a_backoff_that_cannot_be_is_refused_with_what_to_do() {
    let zero = ExponentialBackoff::new(Duration::ZERO, SECOND).unwrap_err();
    assert_eq!(zero, InvalidBackoff::ZeroBase);
    assert!(zero.to_string().contains("give a base of at least 1 ms"));
    let swapped = ExponentialBackoff::new(SECOND, MS).unwrap_err();
    assert_eq!(
        swapped.to_string(),
        "the backoff's base of 1s is above its maximum of 1ms; swap them or raise the maximum"
    );
}

/// behaviour L4: client-go's fast-slow
#[test]
fn fast_then_slow() {
    assert_eq!(delays(&FastSlow::new(5 * MS, 10 * SECOND, 3), 5), [5, 5, 5, 10_000, 10_000]);
}

/// behaviour L4: client-go's max-of
#[test]
fn the_longest_of_several_wins() {
    let limiter =
        MaxOf(FastSlow::new(5 * MS, 3000 * MS, 3), MaxOf(exact(MS, SECOND), exact(2 * MS, 20 * MS)));
    assert_eq!(delays(&limiter, 6), [5, 5, 8, 3000, 3000, 3000]);
    let limiter = MaxOf(exact(MS, SECOND), FastSlow::new(3 * MS, 4 * MS, 2));
    assert_eq!(delays(&limiter, 5), [3, 3, 4, 8, 16]);
}

/// behaviour L4: client-go's max-wait
#[test]
fn a_cap_on_anothers_delay() {
    assert_eq!(delays(&AtMost(exact(MS, 1000 * SECOND), 100 * MS), 9), [1, 2, 4, 8, 16, 32, 64, 100, 100]);
}

/// behaviour L4
#[test]
fn a_token_bucket_lets_a_burst_through_then_its_rate_and_fills_again() {
    let bucket = TokenBucket::new(10.0, 3);
    let at = |millis: u32| {
        let now = Instant::ORIGIN + SECOND + millis * MS;
        Limiter::<str>::next_retry(&bucket, "any key", &Failure::nth(7).at(now)).as_millis()
    };
    assert_eq!([at(0), at(0), at(0)], [0; 3]);
    assert_eq!([at(0), at(0), at(50)], [100, 200, 250]);
    assert_eq!(at(400), 0, "all that waited have had their turn");
    assert_eq!([at(10_000), at(10_000), at(10_000), at(10_000)], [0, 0, 0, 100], "never more than the burst");
}

/// behaviour L4
#[test]
fn a_token_bucket_without_a_rate_lets_its_burst_through_and_no_more() {
    for rate in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
        let bucket = TokenBucket::new(rate, 1);
        let next = || Limiter::<str>::next_retry(&bucket, "key", &Failure::nth(0));
        assert_eq!(next(), Duration::ZERO, "{rate}");
        assert!(next() > 100 * 365 * 24 * 3600 * SECOND, "{rate}");
    }
    let bucket = TokenBucket::new(f64::INFINITY, 0);
    assert_eq!(Limiter::<str>::next_retry(&bucket, "key", &Failure::nth(0)), Duration::ZERO);
}

/// behaviour L4
#[test]
fn forgetting_reaches_every_limiter_of_a_composition() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    #[derive(Clone, Default)]
    struct Told(Arc<AtomicU32>);
    impl Limiter<str> for Told {
        fn next_retry(&self, _: &str, _: &Failure<'_>) -> Duration {
            Duration::ZERO
        }
        fn forget(&self, _: &str) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let told = Told::default();
    let boxed: Box<dyn Limiter<str>> = Box::new(AtMost(MaxOf(told.clone(), Arc::new(told.clone())), SECOND));
    boxed.forget("key");
    assert_eq!(told.0.load(Ordering::SeqCst), 2);
}
