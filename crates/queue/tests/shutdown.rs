//! The end of a queue: at once, drained, and drained until forced.

mod hand_polled;

use std::time::Duration;

use hand_polled::HandPolled;
use trimtab_queue::{Outcome, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::{Seams, virtual_time};

const SECOND: Duration = Duration::from_secs(1);

fn queue(seams: &Seams) -> RateLimitedQueue<&'static str> {
    RateLimitedQueue::new(QueueSettings::new(seams))
}

/// behaviour Q11: client-go's "no drain"
/// guarantee Q-h
#[test]
fn shutdown_wakes_all_waiters_hands_out_nothing_more_and_may_be_repeated() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        let mut waiters: Vec<_> = (0..5).map(|_| HandPolled::new(queue.get()).waits()).collect();
        queue.add_after("deferred", SECOND);
        queue.shutdown();
        queue.shutdown();
        for waiter in &mut waiters {
            assert_eq!(waiter.wakes(), 1);
            assert!(waiter.ready().is_none());
        }
        queue.add("late");
        queue.add_after("late", SECOND);
        queue.reschedule("late", SECOND);
        queue.add_rate_limited("late", "no");
        assert!(queue.is_shutting_down() && queue.report_all().is_empty());
        seams.sleep(60 * SECOND).await;
        assert!(queue.get().await.is_none());
    });
}

/// behaviour Q11, C14
#[test]
fn shutdown_drops_what_is_in_line_and_lets_running_claims_come_home() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        for key in ["done", "retried", "again", "added", "failed"] {
            queue.add(key);
        }
        let mut claims = Vec::new();
        for _ in 0..5 {
            claims.push(queue.get().await.expect("not shut down"));
        }
        queue.add("in line");
        queue.add("added");
        queue.shutdown();
        assert_eq!((queue.len(), queue.counters().running), (0, 5));
        for claim in claims {
            match *claim {
                "retried" => claim.retry("no"),
                "again" => claim.finish(Outcome::Again(Duration::ZERO)),
                "failed" => claim.finish(Outcome::Failed("bad".into())),
                _ => claim.done(),
            }
        }
        let left = queue.report_all();
        assert_eq!(
            left.iter().map(|key| key.item).collect::<Vec<_>>(),
            ["failed"],
            "what failed for good is told"
        );
        assert!(queue.get().await.is_none());
    });
}

/// behaviour Q11: client-go's "drain"
#[test]
fn a_drain_hands_out_what_is_in_line_and_waits_for_what_runs() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add("a");
        queue.add("b");
        queue.add_after("deferred", SECOND);
        let running = queue.get().await.expect("not shut down");
        let mut drain = HandPolled::new(queue.shutdown_and_drain()).waits();
        queue.add("late");
        let last = queue.get().await.expect("b is handed out");
        assert_eq!(*last, "b");
        let mut idle = HandPolled::new(queue.get()).waits();
        running.done();
        assert_eq!((drain.wakes(), idle.wakes()), (0, 0));
        seams.sleep(60 * SECOND).await;
        assert_eq!(idle.wakes(), 0, "deferred keys are not handed out");
        last.done();
        assert_eq!((drain.wakes(), idle.wakes()), (1, 1));
        assert!(idle.ready().is_none());
        drain.ready();
        assert!(queue.report_all().is_empty());
    });
}

/// behaviour Q11: client-go's "drain with a dirty key"
#[test]
fn a_drain_waits_for_the_further_run_of_a_key_that_was_added_while_it_ran() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add("a");
        let first = queue.get().await.expect("not shut down");
        queue.add("a");
        let mut drain = HandPolled::new(queue.shutdown_and_drain()).waits();
        let mut worker = HandPolled::new(queue.get()).waits();
        first.done();
        assert_eq!((drain.wakes(), worker.wakes()), (0, 1));
        worker.ready().expect("once more").done();
        drain.ready();
    });
}

/// behaviour Q11: client-go's "forced drain"
#[test]
fn a_shutdown_forces_a_drain_to_end() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add("a");
        queue.add("never handed out");
        let running = queue.get().await.expect("not shut down");
        let mut drain = HandPolled::new(queue.shutdown_and_drain()).waits();
        queue.shutdown();
        assert_eq!(drain.wakes(), 1);
        drain.ready();
        assert!(queue.get().await.is_none());
        running.done();
        assert!(queue.report_all().is_empty());
    });
}

/// behaviour Q11
#[test]
fn an_idle_queue_is_drained_at_once_and_a_dropped_drain_goes_on() {
    virtual_time::run(1, async |seams| {
        let idle = queue(&seams);
        idle.add_after("deferred", SECOND);
        idle.shutdown_and_drain().await;
        assert!(idle.report_all().is_empty() && idle.get().await.is_none());

        let queue = queue(&seams);
        queue.add("a");
        drop(queue.shutdown_and_drain());
        let claim = queue.get().await.expect("it is handed out");
        queue.add("late");
        claim.done();
        assert!(queue.get().await.is_none());
    });
}
