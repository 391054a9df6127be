//! The seed's `WorkQueue`, method by method, on the standard one.

use trimtab::queue::{Add, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab::seams::{Seams, virtual_time};

use crate::stage::{MS, SECOND};

fn queue(seams: &Seams) -> RateLimitedQueue<&'static str> {
    RateLimitedQueue::new(QueueSettings::new(seams))
}

/// `WorkQueue.Get()`: waits; the seed's `shutdown` flag is `None`.
/// behaviour Q11
#[test]
fn work_queue_get_waits_and_ends_with_the_shutdown() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        let (later, seams_of_it) = (queue.clone(), seams.clone());
        seams.spawn("producer", async move {
            seams_of_it.sleep(SECOND).await;
            later.add("one");
            seams_of_it.sleep(SECOND).await;
            later.shutdown();
        });
        let claim = queue.get().await.expect("it was added");
        assert_eq!((*claim, seams.now().as_nanos()), ("one", 1_000_000_000));
        claim.done();
        assert!(queue.get().await.is_none());
        assert_eq!(seams.now().as_nanos(), 2_000_000_000);
    });
}

/// `WorkQueue.Add(item)`: in line once, however often it is added.
/// behaviour Q1, Q4
#[test]
fn work_queue_add_puts_in_line_once() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.push_all(["one", "two", "one"].map(Add::now));
        assert_eq!(queue.len(), 2);
        assert_eq!(*queue.get().await.unwrap(), "one");
    });
}

/// `WorkQueue.AddAfter(item, duration)`.
/// behaviour Q8
#[test]
fn work_queue_add_after_waits() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add_after("late", 20 * MS);
        queue.add_after("soon", 10 * MS);
        for (item, millis) in [("soon", 10), ("late", 20)] {
            let claim = queue.get().await.unwrap();
            assert_eq!((*claim, (seams.now().as_nanos() / 1_000_000)), (item, millis));
            claim.done();
        }
    });
}

/// `WorkQueue.AddRateLimited(item)`: as late as the limiter says, later each time. A worker says `claim.retry(error)`, which is the same in one step
/// with the end of its run.
/// behaviour C9
#[test]
fn work_queue_add_rate_limited_backs_off() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        let mut delays = Vec::new();
        queue.add_rate_limited("one", "out of order");
        for _ in 0..3 {
            let before = seams.now();
            let claim = queue.get().await.unwrap();
            delays.push(seams.now() - before);
            claim.retry("still out of order");
        }
        // 5, 10, 20 ms, each shortened by up to a fifth.
        assert!(
            delays.iter().zip([5, 10, 20]).all(|(delay, ms)| (ms * MS * 4 / 5..=ms * MS).contains(delay)),
            "{delays:?}"
        );
        assert_eq!(queue.failures(&"one"), 4);
    });
}

/// `WorkQueue.Forget(item)`: its next delay is the first one again.
#[test]
fn work_queue_forget_begins_anew() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        (0..9).for_each(|_| queue.add_rate_limited("one", "out of order"));
        assert_eq!(queue.failures(&"one"), 9);
        queue.forget(&"one");
        assert_eq!(queue.failures(&"one"), 0);
    });
}

/// `WorkQueue.Done(item)`: the claim's own; done by a stranger or done twice, it does not compile. Added during its run, an item runs once more.
/// behaviour Q2, Q3
#[test]
fn work_queue_done_gives_the_item_back() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add("one");
        let claim = queue.get().await.unwrap();
        queue.push_all(["one", "one"].map(Add::now));
        assert!(queue.is_empty(), "not in two hands at once");
        claim.done();
        queue.get().await.unwrap().done();
        assert!(queue.is_empty());
    });
}
