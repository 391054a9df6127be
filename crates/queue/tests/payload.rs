//! What items carry to their next run.

use std::time::Duration;

use trimtab_queue::{Add, Claim, Merge, Newest, Outcome, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::{Seams, virtual_time};

#[derive(Default, Debug, PartialEq)]
struct Reasons(Vec<&'static str>);

impl Merge for Reasons {
    fn merge(&mut self, newer: Self) {
        self.0.extend(newer.0);
    }
}

fn carrying<D: Merge>(seams: &Seams) -> RateLimitedQueue<&'static str, D> {
    RateLimitedQueue::carrying(QueueSettings::new(seams))
}

async fn get<D: Merge>(queue: &RateLimitedQueue<&'static str, D>) -> Claim<&'static str, D> {
    queue.get().await.expect("not shut down")
}

/// behaviour Q5
#[test]
fn of_payloads_for_one_run_the_newest_wins() {
    virtual_time::run(1, async |seams| {
        let queue = carrying(&seams);
        for version in 1..=3 {
            queue.push(Add::now("a").carrying(Newest(Some(version))));
        }
        let claim = get(&queue).await;
        assert_eq!(*claim.data(), Newest(Some(3)));
        queue.push(Add::now("a").carrying(Newest(Some(4))));
        claim.done();
        assert_eq!(*get(&queue).await.data(), Newest(Some(4)));
    });
}

/// behaviour Q5, C16
#[test]
fn the_payloads_type_says_how_two_become_one() {
    virtual_time::run(1, async |seams| {
        let queue = carrying(&seams);
        queue.push(Add::now("a").carrying(Reasons(vec!["created"])));
        queue.push(Add::after("a", Duration::from_secs(9)).carrying(Reasons(vec!["resync"])));
        let claim = get(&queue).await;
        assert_eq!(claim.data().0, ["created", "resync"]);
        claim.done();
        assert_eq!(*get(&queue).await.data(), Reasons(vec![]), "the promised run carries nothing by itself");
    });
}

/// behaviour C16, C17
#[test]
fn a_repeated_run_carries_again_what_the_first_one_carried_and_a_success_does_not() {
    virtual_time::run(1, async |seams| {
        let queue = carrying(&seams);
        queue.push(Add::now("a").carrying(Reasons(vec!["first"])));
        let claim = get(&queue).await;
        queue.push(Add::now("a").carrying(Reasons(vec!["meanwhile"])));
        claim.retry("no");
        let claim = get(&queue).await;
        assert_eq!(claim.data().0, ["first", "meanwhile"]);
        claim.finish(Outcome::Again(Duration::from_secs(1)));
        let mut claim = get(&queue).await;
        assert_eq!(claim.data().0, ["first", "meanwhile"]);
        claim.data_mut().0.push("noted");
        drop(claim);
        let claim = get(&queue).await;
        assert_eq!(claim.data().0, ["first", "meanwhile", "noted"]);
        claim.finish(Outcome::After(Duration::from_secs(1)));
        assert_eq!(get(&queue).await.data().0, [""; 0]);
    });
}
