//! Claims: the run ends once, by an outcome or by being dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use trimtab_queue::{Claim, KeyState, Outcome, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::{Instant, Seams, virtual_time};

const SECOND: Duration = Duration::from_secs(1);

fn queue(seams: &Seams) -> RateLimitedQueue<&'static str> {
    RateLimitedQueue::new(QueueSettings::new(seams))
}

async fn get(queue: &RateLimitedQueue<&'static str>) -> Claim<&'static str> {
    queue.get().await.expect("not shut down")
}

/// behaviour Q10
#[test]
fn a_claim_dropped_without_an_outcome_counts_as_failed_and_is_retried() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add("a");
        drop(get(&queue).await);
        let report = queue.report(&"a").expect("it is failing");
        assert_eq!(report.state, KeyState::Failing);
        let failing = report.failing.expect("it is failing");
        assert!(failing.error.contains("its claim was dropped"), "{}", failing.error);
        let claim = get(&queue).await;
        assert_eq!((*claim, claim.failures()), ("a", 1));
        claim.done();
        assert_eq!(queue.failures(&"a"), 0);
    });
}

/// behaviour Q10
#[test]
fn a_worker_that_panics_with_a_claim_loses_no_key() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add("a");
        let claim = get(&queue).await;
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _held = claim;
            panic!("the reconciler broke");
        }));
        assert!(panicked.is_err());
        assert_eq!(get(&queue).await.failures(), 1);
    });
}

/// behaviour C9
#[test]
fn the_outcome_says_whether_failures_are_counted_kept_or_forgotten() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add("a");
        get(&queue).await.retry("first");
        get(&queue).await.retry("second");
        assert_eq!(queue.failures(&"a"), 2);
        get(&queue).await.finish(Outcome::Again(Duration::ZERO));
        assert_eq!((queue.failures(&"a"), queue.len()), (2, 1), "neither counted nor forgotten");
        get(&queue).await.finish(Outcome::After(SECOND));
        assert_eq!(queue.failures(&"a"), 0);
        let before = seams.now();
        let claim = get(&queue).await;
        assert_eq!(seams.now() - before, SECOND);
        claim.finish(Outcome::After(Duration::ZERO));
        assert_eq!(queue.len(), 1, "at once");
    });
}

/// behaviour C11
#[test]
fn a_terminal_failure_is_listed_and_runs_again_only_when_it_is_added_or_promised() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        queue.add("a");
        seams.sleep(SECOND).await;
        get(&queue).await.finish(Outcome::Failed("bad name".into()));
        seams.sleep(1000 * SECOND).await;
        assert_eq!((queue.len(), queue.counters().failing), (0, 1));
        let [key] = &queue.failing()[..] else { panic!("one key fails") };
        let failing = key.failing.as_ref().expect("it fails");
        assert_eq!((key.item, key.next_run, failing.terminal), ("a", None, true));
        assert_eq!((failing.since, &*failing.error), (Instant::ORIGIN + SECOND, "bad name"));

        queue.add("a");
        let claim = get(&queue).await;
        assert_eq!(claim.failures(), 1);
        claim.finish(Outcome::Failed("still bad".into()));
        assert_eq!(queue.failures(&"a"), 2);
        queue.add_after("a", SECOND);
        get(&queue).await.finish(Outcome::Failed("still bad".into()));
        queue.forget(&"a");
        assert!(queue.report_all().is_empty());
    });
}

/// behaviour Q16: client-go's "key released after done"
#[test]
fn a_key_is_released_when_its_run_is_done() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Key(Arc<str>);
    virtual_time::run(1, async |seams| {
        let name: Arc<str> = "a".into();
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        queue.add(Key(Arc::clone(&name)));
        queue.add(Key(Arc::clone(&name)));
        queue.get().await.expect("not shut down").done();
        assert_eq!(Arc::strong_count(&name), 1);
    });
}

/// A destructor, a hasher or a limiter that calls the queue must not find it locked: they run outside the lock.
#[test]
fn user_code_may_call_the_queue_from_destructors() {
    struct Calls(RateLimitedQueue<&'static str>, Arc<AtomicUsize>);
    impl Drop for Calls {
        fn drop(&mut self) {
            self.0.add("from a destructor");
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }
    #[derive(Clone)]
    struct Key(u32, #[expect(dead_code, reason = "held for its destructor")] Arc<Calls>);
    impl PartialEq for Key {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    impl Eq for Key {}
    impl std::hash::Hash for Key {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }
    virtual_time::run(1, async |seams| {
        let (told, dropped) = (queue(&seams), Arc::new(AtomicUsize::new(0)));
        let queue = RateLimitedQueue::new(QueueSettings::new(&seams));
        let key = |number| Key(number, Arc::new(Calls(told.clone(), Arc::clone(&dropped))));
        queue.add(key(1));
        queue.add(key(1));
        assert_eq!(dropped.load(Ordering::SeqCst), 1, "the second one was not needed");
        queue.get().await.expect("not shut down").done();
        queue.add_after(key(2), SECOND);
        queue.cancel(&key(2));
        queue.add(key(3));
        queue.shutdown();
        assert_eq!((dropped.load(Ordering::SeqCst), told.len()), (5, 1));
    });
}
