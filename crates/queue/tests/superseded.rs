//! A running worker can hear that its key was added again.

mod hand_polled;

use std::time::Duration;

use hand_polled::HandPolled;
use trimtab_queue::{QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::virtual_time;

/// behaviour C16
#[test]
fn superseded_fires_when_the_key_is_added_during_its_run_and_only_then() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        queue.add("a");
        queue.add("b");
        let claim = queue.get().await.expect("not shut down");
        let other = queue.get().await.expect("not shut down");
        let mut superseded = HandPolled::new(claim.superseded()).waits().waits();
        let never = HandPolled::new(other.superseded()).waits();
        queue.add_after("a", Duration::from_secs(5));
        queue.add("c");
        assert!(superseded.wakes() == 0 && !claim.is_superseded());
        queue.add("a");
        queue.add("a");
        assert_eq!((superseded.wakes(), never.wakes()), (1, 0));
        assert!(claim.is_superseded() && queue.is_queued_again(&"a") && !queue.is_queued_again(&"b"));
        superseded.ready();
        HandPolled::new(claim.superseded()).ready();
        drop((superseded, never));
        claim.done();
        assert!(!queue.is_queued_again(&"a"));
    });
}

/// behaviour C16
#[test]
fn superseded_fires_when_a_promised_run_comes_due_during_the_run() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        queue.add_after("a", Duration::from_secs(1));
        queue.add("a");
        let claim = queue.get().await.expect("not shut down");
        let idle = HandPolled::new(queue.get()).waits();
        let mut superseded = HandPolled::new(claim.superseded()).waits();
        seams.sleep(Duration::from_secs(2)).await;
        assert_eq!(idle.wakes(), 1, "the alarm rang for the idle worker");
        let _idle = idle.waits();
        assert_eq!(superseded.wakes(), 1);
        superseded.ready();
    });
}

/// behaviour C16: one that is polled anew each time round a loop keeps one waker, and the next run starts afresh
#[test]
fn a_superseded_future_that_is_dropped_leaves_nothing_for_the_next_run() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        queue.add("a");
        let claim = queue.get().await.expect("not shut down");
        let dropped = HandPolled::new(claim.superseded()).waits();
        drop(dropped);
        claim.done();
        queue.add("a");
        let claim = queue.get().await.expect("not shut down");
        assert!(!claim.is_superseded());
        let again = HandPolled::new(claim.superseded()).waits();
        assert_eq!(again.wakes(), 0);
    });
}
