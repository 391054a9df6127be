//! A key is in line once and runs once more, however often it is added.

use trimtab_queue::{Claim, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::{Seams, virtual_time};

fn queue(seams: &Seams) -> RateLimitedQueue<&'static str> {
    RateLimitedQueue::new(QueueSettings::new(seams))
}

async fn get<D: trimtab_queue::Merge>(queue: &RateLimitedQueue<&'static str, D>) -> Claim<&'static str, D> {
    queue.get().await.expect("not shut down")
}

/// behaviour Q1
#[test]
fn a_key_added_many_times_is_in_line_once() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        for _ in 0..3 {
            queue.add("a");
            queue.add("b");
        }
        assert_eq!(queue.len(), 2);
        let first = get(&queue).await;
        assert_eq!((*first, queue.len()), ("a", 1));
        first.done();
        get(&queue).await.done();
        assert!(queue.is_empty());
        assert_eq!(queue.counters().merged, 4);
    });
}

/// behaviour Q3: client-go's "add while processing"
#[test]
fn a_key_added_while_running_runs_once_more() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add("a");
        let running = get(&queue).await;
        for _ in 0..5 {
            queue.add("a");
        }
        assert_eq!(queue.len(), 0, "not in line while it runs");
        running.done();
        assert_eq!(queue.len(), 1);
        get(&queue).await.done();
        assert_eq!(queue.len(), 0);
        assert_eq!(queue.capacity(), 256, "one block is kept");
        assert_eq!(queue.report_all(), []);
    });
}

/// behaviour Q1, Q3: client-go's "re-insert", "collapse" and "collapse while processing"
#[test]
fn a_key_can_be_added_again_after_its_run_and_adds_collapse_before_and_during_it() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add("bar");
        queue.add("bar");
        let claim = get(&queue).await;
        assert_eq!(queue.len(), 0);
        claim.done();
        assert_eq!(queue.len(), 0, "both adds were answered by one run");

        queue.add("bar");
        let claim = get(&queue).await;
        queue.add("bar");
        queue.add("bar");
        claim.done();
        assert_eq!(queue.len(), 1);
        get(&queue).await.done();
        assert_eq!(queue.len(), 0);
    });
}

/// behaviour Q2
#[test]
fn a_running_key_is_not_handed_to_a_second_worker() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add("a");
        let running = get(&queue).await;
        queue.add("a");
        queue.add("b");
        let other = get(&queue).await;
        assert_eq!(*other, "b");
        other.done();
        running.done();
        assert_eq!(*get(&queue).await, "a");
    });
}
