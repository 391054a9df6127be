//! The real world: never early, moved and dropped timers, tasks from any thread.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use trimtab_seams::{Instant, Seams, Sleep};

const MS: Duration = Duration::from_millis(1);

#[tokio::test]
async fn a_sleep_is_never_early_and_many_end_in_order() {
    let seams = Seams::tokio();
    let start = seams.now();
    let (long, short) = (seams.sleep(20 * MS), seams.sleep(5 * MS));
    short.await;
    assert!(seams.now() - start >= 5 * MS);
    long.await;
    assert!(seams.now() - start >= 20 * MS);
}

#[tokio::test]
async fn a_moved_timer_fires_at_its_new_time_and_a_dropped_one_never() {
    let seams = Seams::tokio();
    let start = seams.now();
    let mut sleep = seams.sleep(Duration::from_secs(3600));
    sleep.reset(start + 3 * MS);
    drop(seams.sleep(MS));
    sleep.await;
    let waited = seams.now() - start;
    assert!(waited >= 3 * MS && waited < Duration::from_secs(60), "{waited:?}");
    assert!(Instant::ORIGIN <= start);
}

#[test]
fn seams_made_in_a_runtime_start_tasks_there_from_any_thread() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let seams = runtime.block_on(async { Seams::tokio() });
    let ran = Arc::new(AtomicBool::new(false));
    let (inner, sender) = (Arc::clone(&ran), std::sync::mpsc::channel::<()>());
    seams.spawn("task", async move {
        inner.store(true, Ordering::SeqCst);
        drop(sender.0);
    });
    assert!(sender.1.recv().is_err());
    assert!(ran.load(Ordering::SeqCst));
    assert_eq!(runtime.block_on(async { seams.block_in_place(|| 3) }), 3);
}

/// A task that only its wakers keep alive, and that waits for a time of its own.
struct Task(Mutex<Sleep>);

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

/// A timer that is handed from one task to another lets go of the first one's waker. That may be the last that kept the task alive, and the
/// task may hold a timer: dropped under the lock of the timers, it waited for that lock for ever, and every timer of the process with it.
#[test]
fn a_timer_that_changes_hands_may_drop_the_task_that_waited_before_with_its_timers() {
    let seams = Seams::tokio();
    let hour = Duration::from_secs(3600);
    let poll = |sleep: &mut Sleep, waker: &Waker| Pin::new(sleep).poll(&mut Context::from_waker(waker));
    let mut shared = seams.sleep(hour);
    let (done, waits) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().spawn(move || {
        let task = Arc::new(Task(Mutex::new(seams.sleep(hour))));
        assert_eq!(poll(&mut task.0.lock().unwrap(), Waker::noop()), Poll::Pending);
        let only = Waker::from(task);
        assert_eq!(poll(&mut shared, &only), Poll::Pending);
        drop(only);
        assert_eq!(poll(&mut shared, Waker::noop()), Poll::Pending);
        done.send(()).unwrap();
    });
    assert!(thread.is_ok());
    waits.recv_timeout(Duration::from_secs(10)).expect("the timers are still there");
}

struct Unwakeable;

impl Wake for Unwakeable {
    fn wake(self: Arc<Self>) {
        panic!("a waker of somebody else's, told to panic by its test");
    }
}

/// Tells when it is woken.
struct Told(Mutex<std::sync::mpsc::Sender<()>>);

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        self.0.lock().unwrap().send(()).unwrap();
    }
}

/// One executor's bug must not end the timers of the whole process.
#[test]
fn a_waker_that_panics_does_not_end_the_timer_thread() {
    let seams = Seams::tokio();
    let (mut bad, mut good) = (seams.sleep(2 * MS), seams.sleep(20 * MS));
    let (sender, woken) = std::sync::mpsc::channel();
    let wakers = [Waker::from(Arc::new(Unwakeable)), Waker::from(Arc::new(Told(Mutex::new(sender))))];
    for (sleep, waker) in [&mut bad, &mut good].into_iter().zip(&wakers) {
        assert_eq!(Pin::new(sleep).poll(&mut Context::from_waker(waker)), Poll::Pending);
    }
    woken.recv_timeout(Duration::from_secs(10)).expect("the later timer comes all the same");
}

/// The thread is woken only for an alarm that it would come too late for. One that was taken out makes it look too early, which must not count as
/// having looked for what came after.
#[tokio::test]
async fn timers_before_and_after_one_that_was_dropped_are_on_time() {
    let seams = Seams::tokio();
    // On a busy machine some may have passed by the time they are looked at.
    let begin = |sleep: &mut Sleep| {
        let _pending = Pin::new(sleep).poll(&mut Context::from_waker(Waker::noop()));
    };
    for _ in 0..10 {
        let start = seams.now();
        let (mut dropped, mut before, mut after) =
            (seams.sleep(10 * MS), seams.sleep(5 * MS), seams.sleep(20 * MS));
        begin(&mut dropped);
        begin(&mut before);
        begin(&mut after);
        drop(dropped);
        before.await;
        after.await;
        let waited = seams.now() - start;
        assert!(waited >= 20 * MS && waited < Duration::from_secs(60), "{waited:?}");
    }
}
