//! Keys of one level that take turns by party.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use trimtab_queue::{Add, Priority, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::virtual_time;

type Key = (u64, u32);
type Queue = RateLimitedQueue<Key>;

fn fair(seams: &trimtab_seams::Seams) -> Queue {
    RateLimitedQueue::new(QueueSettings::new(seams).with_fairness(|key: &Key| key.0))
}

fn next(queue: &Queue) -> Key {
    match pin!(queue.get()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(claim)) => {
            let key = *claim;
            claim.done();
            key
        }
        _ => panic!("a key is in line"),
    }
}

fn all(queue: &Queue) -> Vec<Key> {
    (0..queue.len()).map(|_| next(queue)).collect()
}

/// behaviour Q15
#[test]
fn a_party_with_a_thousand_keys_holds_up_anothers_first_key_by_one() {
    virtual_time::run(1, async |seams| {
        let queue = fair(&seams);
        (0..1000).for_each(|n| queue.add((1, n)));
        queue.add((2, 0));
        queue.add((3, 0));
        queue.add((2, 1));
        let order = all(&queue);
        assert_eq!(order[..6], [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (1, 2)]);
        assert_eq!(order.len(), 1003);
        assert!(
            order[6..].iter().copied().eq((3..1000).map(|n| (1, n))),
            "first in, first out within a party"
        );
    });
}

/// behaviour Q14, Q15
#[test]
fn levels_come_before_turns_and_each_level_has_turns_of_its_own() {
    virtual_time::run(2, async |seams| {
        let queue = fair(&seams);
        (0..3).for_each(|n| queue.add((1, n)));
        queue.add((2, 0));
        for key in [(1, 10), (1, 11), (2, 10)] {
            queue.push(Add::now(key).with_priority(Priority::High));
        }
        assert_eq!(all(&queue), [(1, 10), (2, 10), (1, 11), (1, 0), (2, 0), (1, 1), (1, 2)]);
        // A key that is raised leaves the middle of its party's list.
        (0..3).for_each(|n| queue.add((1, n)));
        queue.add((2, 0));
        queue.push(Add::now((1, 1)).with_priority(Priority::High));
        assert_eq!(all(&queue), [(1, 1), (1, 0), (2, 0), (1, 2)]);
    });
}

/// behaviour Q15, Q16
#[test]
fn a_party_that_comes_again_is_last_and_one_that_is_gone_costs_nothing() {
    virtual_time::run(3, async |seams| {
        let queue = fair(&seams);
        for party in 0..10_000 {
            queue.add((party, 0));
        }
        assert_eq!(next(&queue), (0, 0));
        queue.add((0, 0));
        let order = all(&queue);
        assert_eq!((order[0], order[9_999]), ((1, 0), (0, 0)));
        assert!(queue.capacity() <= 256);
    });
}
