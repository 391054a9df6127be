//! Who is woken, and who is left to sleep.

mod hand_polled;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use hand_polled::HandPolled;
use trimtab_queue::{Add, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::{Clock, Instant, Seams, Timer, virtual_time};

const SECOND: Duration = Duration::from_secs(1);

fn queue(seams: &Seams) -> RateLimitedQueue<u32> {
    RateLimitedQueue::new(QueueSettings::new(seams))
}

fn wakes<T>(workers: &[HandPolled<'_, T>]) -> Vec<usize> {
    workers.iter().map(HandPolled::wakes).collect()
}

/// behaviour Q12
/// guarantee Q-i
#[test]
fn one_add_wakes_one_worker_and_a_duplicate_none() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        let mut workers: Vec<_> = (0..4).map(|_| HandPolled::new(queue.get()).waits()).collect();
        queue.add(1);
        queue.add(1);
        assert_eq!(wakes(&workers), [1, 0, 0, 0]);
        queue.add(2);
        assert_eq!(wakes(&workers), [1, 1, 0, 0]);
        queue.push_all((3..50).map(Add::now));
        assert_eq!(wakes(&workers), [1; 4]);
        let claims: Vec<_> = workers.iter_mut().filter_map(HandPolled::ready).map(|claim| *claim).collect();
        assert_eq!(claims, [1, 2, 3, 4]);
    });
}

/// behaviour Q12: the key was handed to a worker that came by while the woken one was on its way
#[test]
fn a_woken_worker_that_finds_nothing_sleeps_again_and_is_woken_again() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        let mut sleeper = HandPolled::new(queue.get()).waits();
        queue.add(1);
        let passer_by = HandPolled::new(queue.get()).ready().expect("not shut down");
        assert!(sleeper.poll().is_pending());
        queue.add(2);
        assert_eq!(sleeper.wakes(), 2);
        assert_eq!(sleeper.ready().map(|claim| *claim), Some(2));
        passer_by.done();
    });
}

/// behaviour Q12: a future may move from one task to another while it waits
#[test]
fn a_worker_that_was_last_polled_by_another_task_wakes_that_one() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        let mut get = Box::pin(queue.get());
        let polled = get.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let mut second = HandPolled::new(get).waits();
        queue.add(1);
        assert_eq!(second.wakes(), 1);
        assert_eq!(second.ready().map(|claim| *claim), Some(1));
    });
}

/// behaviour Q13
/// guarantee Q-j
#[test]
fn a_woken_worker_that_is_dropped_gives_its_wake_to_another() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        let first = HandPolled::new(queue.get()).waits();
        let mut second = HandPolled::new(queue.get()).waits();
        queue.add(1);
        assert_eq!((first.wakes(), second.wakes()), (1, 0));
        drop(first);
        assert_eq!(second.wakes(), 1);
        assert_eq!(second.ready().map(|claim| *claim), Some(1));
    });
}

/// behaviour Q13: the alarm of a deferred key had rung for the dropped worker
#[test]
fn a_worker_woken_by_the_alarm_and_dropped_gives_its_wake_to_another() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        let first = HandPolled::new(queue.get()).waits();
        let mut second = HandPolled::new(queue.get()).waits();
        queue.add_after(1, SECOND);
        seams.sleep(2 * SECOND).await;
        assert_eq!((first.wakes(), second.wakes()), (1, 0));
        drop(first);
        assert_eq!(second.wakes(), 1);
        assert_eq!(second.ready().map(|claim| *claim), Some(1));
    });
}

/// behaviour Q12
/// guarantee Q-i
#[test]
fn the_alarm_follows_promises_to_the_past_to_the_future_and_away() {
    virtual_time::run(1, async |seams| {
        let queue = queue(&seams);
        let mut worker = HandPolled::new(queue.get()).waits();
        queue.add_after(1, 10 * SECOND);
        queue.reschedule(1, 20 * SECOND);
        queue.add_after(2, 5 * SECOND);
        queue.cancel(&2);
        seams.sleep(15 * SECOND).await;
        assert_eq!(worker.wakes(), 0, "nothing was due");
        queue.add_after(1, SECOND);
        seams.sleep(2 * SECOND).await;
        assert_eq!(worker.wakes(), 1);
        assert_eq!(worker.ready().map(|claim| *claim), Some(1));
    });
}

/// Counts every look at the clock and every move of a timer.
struct Counting {
    seams: Seams,
    uses: Arc<AtomicUsize>,
}

struct CountingTimer(Box<dyn Timer>, Arc<AtomicUsize>);

impl Clock for Counting {
    fn now(&self) -> Instant {
        self.uses.fetch_add(1, Ordering::SeqCst);
        self.seams.now()
    }
    fn wall(&self) -> SystemTime {
        self.seams.wall()
    }
    fn timer(&self) -> Box<dyn Timer> {
        Box::new(CountingTimer(self.seams.timer(), Arc::clone(&self.uses)))
    }
}

impl Timer for CountingTimer {
    fn reset(&mut self, at: Instant) {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.reset(at);
    }
    fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.poll_elapsed(cx)
    }
}

/// behaviour Q17
#[test]
fn nothing_wakes_an_idle_queue_and_without_promises_nobody_looks_at_the_clock() {
    virtual_time::run(1, async |seams| {
        let uses = Arc::new(AtomicUsize::new(0));
        let counted = seams.clone().with_clock(Counting { seams: seams.clone(), uses: Arc::clone(&uses) });
        let queue = queue(&counted);
        for key in 0..100 {
            queue.add(key);
            queue.get().await.expect("not shut down").done();
        }
        let workers: Vec<_> = (0..8).map(|_| HandPolled::new(queue.get()).waits()).collect();
        assert_eq!(uses.load(Ordering::SeqCst), 0);

        queue.add_after(1, 48 * 3600 * SECOND);
        let uses_when_set = uses.load(Ordering::SeqCst);
        seams.sleep(24 * 3600 * SECOND).await;
        assert_eq!(uses.load(Ordering::SeqCst), uses_when_set, "a day passes without a heartbeat");
        assert_eq!(wakes(&workers), [0; 8]);
    });
}
