//! Promised runs: when they happen, what moves them, and what does not.

use std::time::Duration;

use trimtab_queue::{Claim, Outcome, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::{Instant, Random, Seams, Seeded, virtual_time};

const SECOND: Duration = Duration::from_secs(1);

fn queue(seams: &Seams) -> RateLimitedQueue<&'static str> {
    RateLimitedQueue::new(QueueSettings::new(seams))
}

async fn get(queue: &RateLimitedQueue<&'static str>) -> Claim<&'static str> {
    queue.get().await.expect("not shut down")
}

/// The next run of the queue: its key, and when it began.
async fn next(queue: &RateLimitedQueue<&'static str>, seams: &Seams) -> (&'static str, Duration) {
    let claim = get(queue).await;
    let run = (*claim, seams.now() - Instant::ORIGIN);
    claim.done();
    run
}

/// behaviour Q6: client-go's "delayed: not early, once"
#[test]
fn a_deferred_key_runs_once_at_its_time_and_a_delay_of_zero_is_now() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add_after("later", 5 * SECOND);
        queue.add_after("now", Duration::ZERO);
        assert_eq!((queue.len(), queue.counters().deferred), (1, 1));
        assert_eq!(next(&queue, &seams).await, ("now", Duration::ZERO));
        assert_eq!(next(&queue, &seams).await, ("later", 5 * SECOND));
        seams.sleep(60 * SECOND).await;
        assert_eq!((queue.len(), queue.counters().deferred), (0, 0), "once");
    });
}

/// behaviour Q6: client-go's "de-duplicated both ways"
#[test]
fn of_two_delays_the_earlier_wins_in_both_orders() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add_after("early first", SECOND);
        queue.add_after("early first", 2 * SECOND);
        queue.add_after("late first", 4 * SECOND);
        queue.add_after("late first", 3 * SECOND);
        assert_eq!(next(&queue, &seams).await, ("early first", SECOND));
        assert_eq!(next(&queue, &seams).await, ("late first", 3 * SECOND));
        seams.sleep(60 * SECOND).await;
        assert!(queue.is_empty());
    });
}

/// behaviour Q6: client-go's "two fire early"
#[test]
fn keys_deferred_after_a_later_one_do_not_wait_for_it() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add_after("last", 10 * SECOND);
        let shared = queue.clone();
        let adding = seams.clone();
        seams.spawn("adder", async move {
            // The worker sleeps until the tenth second by now.
            adding.sleep(SECOND).await;
            shared.add_after("second", 2 * SECOND);
            shared.add_after("first", SECOND);
        });
        assert_eq!(next(&queue, &seams).await, ("first", 2 * SECOND));
        assert_eq!(next(&queue, &seams).await, ("second", 3 * SECOND));
        assert_eq!(next(&queue, &seams).await, ("last", 10 * SECOND));
    });
}

/// behaviour Q6
#[test]
fn reschedule_always_wins_and_cancel_removes() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add_after("moved", SECOND);
        queue.reschedule("moved", 3 * SECOND);
        queue.add_after("cancelled", SECOND);
        queue.reschedule("now", Duration::ZERO);
        assert!(queue.cancel(&"cancelled"));
        assert!(!queue.cancel(&"cancelled") && !queue.cancel(&"never known"));
        assert_eq!(next(&queue, &seams).await, ("now", Duration::ZERO));
        assert_eq!(next(&queue, &seams).await, ("moved", 3 * SECOND));
        assert!(queue.report_all().is_empty());
    });
}

/// behaviour Q7
/// guarantee Q-d
#[test]
fn an_early_run_for_another_reason_keeps_the_run_asked_for_from_outside() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add_after("a", 5 * SECOND);
        queue.add("a");
        assert_eq!(next(&queue, &seams).await, ("a", Duration::ZERO));
        assert_eq!(next(&queue, &seams).await, ("a", 5 * SECOND));
        assert!(queue.report_all().is_empty());
    });
}

/// behaviour Q7
#[test]
fn a_success_gives_up_the_run_that_the_keys_own_requeue_or_backoff_promised() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        for outcome in [Outcome::After(9 * SECOND), Outcome::Retry("no".into())] {
            queue.add("a");
            get(&queue).await.finish(outcome);
            assert_eq!(queue.len(), 0);
            queue.add("a");
            assert_eq!(queue.len(), 1, "an add from outside does not wait for a backoff");
            get(&queue).await.done();
            assert!(queue.report_all().is_empty());
        }
    });
}

/// behaviour Q7
#[test]
fn a_promise_from_outside_survives_outcomes_that_promise_something_themselves() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add_after("a", 5 * SECOND);
        queue.add("a");
        get(&queue).await.finish(Outcome::After(2 * SECOND));
        assert_eq!(next(&queue, &seams).await, ("a", 2 * SECOND));
        assert_eq!(next(&queue, &seams).await, ("a", 5 * SECOND));
        assert!(queue.report_all().is_empty());
    });
}

/// behaviour Q7, Q3
#[test]
fn a_promise_that_comes_due_during_a_run_makes_one_more_run() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add_after("a", 2 * SECOND);
        queue.add("a");
        let claim = get(&queue).await;
        seams.sleep(3 * SECOND).await;
        claim.done();
        assert_eq!(next(&queue, &seams).await, ("a", 3 * SECOND));
        assert!(queue.report_all().is_empty());
    });
}

/// behaviour Q8
/// guarantee Q-e
#[test]
fn no_key_runs_early_and_an_idle_worker_runs_each_on_time() {
    virtual_time::run(1, async |seams| {
        let random = Seeded::new(5);
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        let mut times = Vec::new();
        for key in 0..1000 {
            let delay = Duration::from_nanos(1 + random.next_u64() % 1_000_000_000);
            queue.add_after(key, delay);
            times.push(delay);
        }
        for _ in 0..1000 {
            let claim = queue.get().await.expect("not shut down");
            assert_eq!(seams.now() - Instant::ORIGIN, times[*claim]);
            claim.done();
        }
    });
}

/// behaviour Q8: more keys due at once than are put in line in one go
#[test]
fn thousands_of_keys_due_at_once_are_all_handed_out() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        for key in 0..5000 {
            queue.add_after(key, SECOND);
        }
        for key in 0..5000 {
            let claim = queue.get().await.expect("not shut down");
            assert_eq!((*claim, seams.now()), (key, Instant::ORIGIN + SECOND));
            claim.done();
        }
    });
}

/// behaviour Q8
/// guarantee Q-i
#[test]
fn promises_hold_for_a_hundred_years_and_to_the_end_of_the_clock() {
    virtual_time::run(1, async |seams| {
        let year = 365 * 24 * 3600 * SECOND;
        let queue = queue(&seams);
        queue.add_after("in a hundred years", 100 * year);
        queue.add_after("at the end of the clock", Duration::MAX);
        assert_eq!(next(&queue, &seams).await, ("in a hundred years", 100 * year));
        queue.add_after("a second later", SECOND);
        assert_eq!(next(&queue, &seams).await, ("a second later", 100 * year + SECOND));
        assert!(queue.report(&"at the end of the clock").is_some_and(|key| key.next_run.is_some()));
        assert!(queue.cancel(&"at the end of the clock"));
        assert!(queue.report_all().is_empty());
    });
}
