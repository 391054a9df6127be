//! First in, first out; and equal times in the order of the calls.

use std::time::Duration;

use trimtab_queue::{Add, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::virtual_time;

async fn take<const N: usize>(queue: &RateLimitedQueue<u32>) -> [u32; N] {
    let mut taken = [0; N];
    for place in &mut taken {
        let claim = queue.get().await.expect("not shut down");
        *place = *claim;
        claim.done();
    }
    taken
}

/// behaviour Q4
#[test]
fn keys_of_one_priority_are_handed_out_in_the_order_of_their_first_add() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        for key in [3, 1, 2, 3, 1] {
            queue.add(key);
        }
        assert_eq!(take(&queue).await, [3, 1, 2]);
        queue.push_all((0..100).map(Add::now));
        let expected: Vec<u32> = (0..100).collect();
        assert_eq!(take::<100>(&queue).await, *expected);
    });
}

/// behaviour Q9: client-go's "three due together, in order"
#[test]
fn keys_due_at_the_same_time_keep_the_order_of_the_calls() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        for key in 0..100 {
            queue.add_after(key, Duration::from_secs(1));
        }
        queue.add_after(200, Duration::from_millis(999));
        let expected: Vec<u32> = std::iter::once(200).chain(0..100).collect();
        assert_eq!(take::<101>(&queue).await, *expected);
    });
}

/// behaviour Q9: client-go's "three due together, in order"
#[test]
fn keys_added_in_reverse_of_their_times_come_out_by_time() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        for (key, seconds) in [(1, 1), (3, 3), (2, 2)].into_iter().rev() {
            queue.add_after(key, Duration::from_secs(seconds));
        }
        seams.sleep(Duration::from_secs(10)).await;
        assert_eq!(take(&queue).await, [1, 2, 3]);
    });
}
