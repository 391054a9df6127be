//! Levels of priority, and the bound on waiting.

use std::collections::BTreeMap;

use trimtab_queue::{Add, Priority, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::{Random, Seams, Seeded, virtual_time};

fn queue(seams: &Seams) -> RateLimitedQueue<u32> {
    RateLimitedQueue::new(QueueSettings::new(seams))
}

async fn next(queue: &RateLimitedQueue<u32>) -> u32 {
    let claim = queue.get().await.expect("not shut down");
    let key = *claim;
    claim.done();
    key
}

/// behaviour Q14
#[test]
fn a_higher_level_goes_first() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.push(Add::now(1).with_priority(Priority::Low));
        queue.push(Add::now(2));
        queue.push(Add::now(3).with_priority(Priority::High));
        queue.push(Add::now(4).with_priority(Priority::High));
        assert_eq!([next(&queue).await, next(&queue).await], [3, 4]);
        assert_eq!([next(&queue).await, next(&queue).await], [2, 1]);
    });
}

/// behaviour Q14
#[test]
fn a_raised_priority_moves_a_key_and_a_lower_add_does_not_lower_it() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        for key in 1..=3 {
            queue.push(Add::now(key).with_priority(Priority::Low));
        }
        queue.push(Add::now(2).with_priority(Priority::High));
        queue.push(Add::now(2).with_priority(Priority::Low));
        assert_eq!(queue.report(&2).map(|key| key.priority), Some(Priority::High));
        assert_eq!([next(&queue).await, next(&queue).await, next(&queue).await], [2, 1, 3]);
    });
}

/// behaviour Q14
#[test]
fn the_level_of_adds_during_a_run_is_that_of_the_next_one_and_a_retry_keeps_its_level() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        let level = |key| queue.report(&key).map(|report| report.priority);
        queue.push(Add::now(1).with_priority(Priority::High));
        let claim = queue.get().await.expect("not shut down");
        assert_eq!(level(1), Some(Priority::High));
        queue.push(Add::now(1).with_priority(Priority::Low));
        claim.done();
        assert_eq!(level(1), Some(Priority::Low), "a level lasts for one run");
        queue.get().await.expect("not shut down").retry("no");
        let claim = queue.get().await.expect("not shut down");
        assert_eq!(level(1), Some(Priority::Low), "the retry of a low run is low");
        claim.done();
    });
}

/// behaviour Q14: the stated bound, `10 p + 9` others
/// guarantee Q-f
#[test]
fn a_key_with_p_of_its_level_ahead_waits_for_at_most_ten_p_and_nine_others() {
    virtual_time::run(1, async |seams| {
        let levels = [Priority::Low, Priority::Normal, Priority::High];
        for seed in 0..20 {
            let random = Seeded::new(seed);
            let queue = queue(&seams);
            // By key: how many were ahead in its level, and how many were handed out since.
            let mut waiting = BTreeMap::<u32, (usize, usize)>::new();
            for _ in 0..5000 {
                // More come in than go out, and the upper levels are never empty.
                for _ in 0..=random.next_u64() % 2 {
                    let key = u32::try_from(random.next_u64() % 300).unwrap();
                    let level = usize::try_from(key % 3).unwrap();
                    queue.push(Add::now(key).with_priority(levels[level]));
                    let ahead = waiting.keys().filter(|other| **other % 3 == key % 3).count();
                    waiting.entry(key).or_insert((ahead, 0));
                }
                let key = next(&queue).await;
                let (ahead, others) = waiting.remove(&key).expect("it was added");
                assert!(others <= 10 * ahead + 9, "{others} others with {ahead} ahead");
                for (_, others) in waiting.values_mut() {
                    *others += 1;
                }
            }
            assert!(waiting.values().all(|(ahead, others)| *others <= 10 * ahead + 9));
        }
    });
}
