//! What can be read: client-go's metrics, with a virtual clock.

use std::time::Duration;

use trimtab_queue::{KeyState, Outcome, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::{Instant, virtual_time};

const SECOND: Duration = Duration::from_secs(1);

/// behaviour L6: depth, adds, retries
#[test]
fn counters_tell_depth_adds_merges_hand_outs_and_retries() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        queue.add("a");
        queue.add("a");
        queue.add("b");
        queue.add_after("c", SECOND);
        let claim = queue.get().await.expect("not shut down");
        queue.add("a");
        queue.add("a");
        let now = queue.counters();
        assert_eq!((now.ready, now.running, now.deferred, now.failing), (1, 1, 1, 0));
        assert_eq!((now.adds, now.merged, now.handed_out), (6, 2, 1));
        claim.retry("no");
        queue.get().await.expect("not shut down").finish(Outcome::Failed("bad".into()));
        let now = queue.counters();
        assert_eq!((now.ready, now.running, now.deferred, now.failing), (1, 0, 1, 1));
        assert_eq!((now.retries, now.terminal_failures, now.handed_out), (1, 1, 2));
    });
}

/// behaviour L6: latency, work duration, unfinished work, longest running
#[test]
fn with_timings_waits_and_runs_are_measured() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams).with_timings());
        seams.sleep(SECOND).await;
        queue.add("a");
        queue.add("b");
        seams.sleep(2 * SECOND).await;
        queue.add("a");
        let first = queue.get().await.expect("not shut down");
        assert_eq!(first.waited(), Some(2 * SECOND), "since the first add");
        seams.sleep(3 * SECOND).await;
        let second = queue.get().await.expect("not shut down");
        assert_eq!(second.waited(), Some(5 * SECOND));
        seams.sleep(SECOND).await;
        queue.add_after("c", SECOND);
        let since = |key| {
            let report = queue.report(&key).expect("known");
            (report.state, report.since.expect("timed") - Instant::ORIGIN)
        };
        assert_eq!(since("a"), (KeyState::Running, 3 * SECOND));
        assert_eq!(since("b"), (KeyState::Running, 6 * SECOND));
        assert_eq!(since("c"), (KeyState::Deferred, 7 * SECOND));
        let unfinished: Duration = queue
            .report_all()
            .iter()
            .filter(|key| key.state == KeyState::Running)
            .filter_map(|key| Some(seams.now() - key.since?))
            .sum();
        assert_eq!(unfinished, (4 + 1) * SECOND);
        queue.add("a");
        first.done();
        assert_eq!(since("a"), (KeyState::Ready, 7 * SECOND));
        second.done();
    });
}

/// Without timings nobody looks at the clock for them.
#[test]
fn without_timings_waits_are_not_measured() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        queue.add("a");
        assert_eq!(queue.report(&"a").and_then(|key| key.since), None);
        assert_eq!(queue.get().await.expect("not shut down").waited(), None);
    });
}

/// behaviour L6: more keys than one block of records, in all standings
#[test]
fn every_key_is_reported_once_with_its_standing() {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        (0..1000).for_each(|key| queue.add(key));
        for key in 0..1000 {
            let claim = queue.get().await.expect("not shut down");
            match key % 4 {
                0 => claim.finish(Outcome::After(SECOND)),
                1 => claim.retry("no"),
                2 => claim.done(),
                _ => {
                    claim.done();
                    queue.add(key);
                }
            }
            if key % 4 == 2 {
                queue.add_after(key, SECOND);
            }
        }
        let mut keys = queue.report_all();
        keys.sort_by_key(|key| key.item);
        assert!(keys.iter().map(|key| key.item).eq(0..1000));
        let of = |state| keys.iter().filter(|key| key.state == state).count();
        assert_eq!([KeyState::Ready, KeyState::Failing, KeyState::Deferred].map(of), [250, 250, 500]);
        assert_eq!(queue.failing().len(), 250);
    });
}
