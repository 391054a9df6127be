//! The seed's `Limiter` and `NewRateLimiter`.

use std::time::Duration;

use trimtab::queue::{Failure, InvalidBackoff, Limiter, RateLimiter};

use crate::stage::{MINUTE, MS};

/// `NewRateLimiter(base, max)`: twice as long each time, per item.
/// behaviour L1, L2
#[test]
fn new_rate_limiter_doubles_up_to_the_maximum() {
    let limiter = RateLimiter::new(MS, MINUTE).unwrap();
    let first: Vec<u128> = (0..5).map(|_| limiter.next_retry(&"one").as_millis()).collect();
    assert_eq!(first, [1, 2, 4, 8, 16]);
    assert_eq!(limiter.next_retry(&"one"), 32 * MS, "the sixth");
    assert_eq!(limiter.next_retry(&"two"), MS, "another item");

    let last = (0..1000).map(|_| limiter.next_retry(&"three")).last();
    assert_eq!(last, Some(MINUTE), "after 1,000 failures the maximum");
    let slow = RateLimiter::new(MINUTE, 60_000 * MINUTE).unwrap();
    assert_eq!([(); 3].map(|()| slow.next_retry(&"one")), [MINUTE, 2 * MINUTE, 4 * MINUTE]);
    let last = (0..1000).map(|_| slow.next_retry(&"one")).last();
    assert_eq!(last, Some(60_000 * MINUTE), "from a long base too, without overflow");
    assert_eq!(
        RateLimiter::<&str>::new(MINUTE, MS).err(),
        Some(InvalidBackoff::BaseAboveMax { base: MINUTE, max: MS })
    );
    assert_eq!(RateLimiter::<&str>::new(Duration::ZERO, MS).err(), Some(InvalidBackoff::ZeroBase));
}

/// `Limiter.NextRetry(request)`: a trait to implement; it hears how often the item failed, with what, and when.
#[test]
fn limiter_next_retry_may_be_ones_own() {
    struct Linear;
    impl<T: ?Sized> Limiter<T> for Linear {
        fn next_retry(&self, _: &T, failure: &Failure<'_>) -> Duration {
            (failure.count + 1) * MS
        }
    }
    let limiter = RateLimiter::<&str, _>::over(Linear, &trimtab::seams::Seams::tokio());
    assert_eq!([(); 3].map(|()| limiter.next_retry(&"one")), [MS, 2 * MS, 3 * MS]);
}

/// `Limiter.Forget(request)`: from the start again.
#[test]
fn limiter_forget_begins_anew() {
    let limiter = RateLimiter::new(MS, MINUTE).unwrap();
    assert_eq!((0..4).map(|_| limiter.next_retry(&"one")).last(), Some(8 * MS));
    assert_eq!(limiter.failures(&"one"), 4);
    limiter.forget(&"one");
    limiter.forget(&"never heard of");
    assert_eq!((limiter.failures(&"one"), limiter.next_retry(&"one")), (0, MS));
}
