//! One thread for all timers of the process.
//!
//! tokio's timers stand on a wheel of whole milliseconds and are 1 to 2 ms late; a deferred key may be at most 0.5 ms late (behaviour Q8). A
//! thread that waits on a condition variable with a time-out wakes within about 0.1 ms. It is started by the first timer that
//! has to wait, lives as long as the process, sleeps when nothing is due, and holds one entry per waiting timer: a queue with a
//! million deferred keys has one timer per waiting worker, not one per key.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use parking_lot::{Condvar, Mutex};

use super::clock::now;
use crate::{Instant, Timer};

struct TimerThread {
    waiting: Mutex<Waiting>,
    earlier: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// By due time, then by the number of the timer.
    alarms: BTreeMap<(Instant, u64), Waker>,
    next_id: u64,
    /// When the thread looks again by itself. It may be earlier than any alarm, for alarms that are taken out do not wake it: a request's time-out seldom
    /// comes, and waking the thread for each would cost two changes of threads.
    looks_at: Instant,
}

static TIMERS: LazyLock<TimerThread> = LazyLock::new(|| {
    std::thread::Builder::new()
        .name("trimtab-timers".into())
        .spawn(|| TIMERS.run())
        .expect("the operating system must let the process start its one timer thread");
    TimerThread { waiting: Mutex::default(), earlier: Condvar::new() }
});

impl TimerThread {
    fn run(&self) {
        let mut due = Vec::new();
        let mut waiting = self.waiting.lock();
        loop {
            let now = now();
            while let Some(first) = waiting.alarms.first_entry().filter(|first| first.key().0 <= now) {
                due.push(first.remove());
            }
            if due.is_empty() {
                if let Some((&(at, _), _)) = waiting.alarms.first_key_value() {
                    waiting.looks_at = at;
                    self.earlier.wait_for(&mut waiting, at - now);
                } else {
                    waiting.looks_at = Instant::FAR_FUTURE;
                    self.earlier.wait(&mut waiting);
                }
                waiting.looks_at = Instant::ORIGIN;
            } else {
                // A waker may run anything, even a timer's drop: never under the lock.
                drop(waiting);
                for waker in due.drain(..) {
                    // The panic has been told by its hook; the other timers of the process must go on.
                    let _told = catch_unwind(AssertUnwindSafe(|| waker.wake()));
                }
                waiting = self.waiting.lock();
            }
        }
    }

    /// Puts an alarm in, and wakes the thread when that would look too late.
    fn insert(&self, at: Instant, id: u64, waker: &Waker) {
        let mut waiting = self.waiting.lock();
        let replaced = match waiting.alarms.get_mut(&(at, id)) {
            Some(old) if old.will_wake(waker) => None,
            Some(old) => Some(std::mem::replace(old, waker.clone())),
            None => waiting.alarms.insert((at, id), waker.clone()),
        };
        if at < waiting.looks_at {
            waiting.looks_at = at;
            self.earlier.notify_one();
        }
        // It may be the last that kept a task alive, and the task may hold a timer.
        drop(waiting);
        drop(replaced);
    }

    fn remove(&self, at: Instant, id: u64) {
        let waker = self.waiting.lock().alarms.remove(&(at, id));
        drop(waker);
    }

    fn next_id(&self) -> u64 {
        let mut waiting = self.waiting.lock();
        waiting.next_id += 1;
        waiting.next_id
    }
}

/// A timer on the thread. It stands in the thread's table only while somebody waits for it.
#[derive(Debug)]
pub(crate) struct ThreadTimer {
    at: Instant,
    /// Drawn at the first wait.
    id: Option<u64>,
    registered: bool,
}

impl ThreadTimer {
    pub(crate) const fn new() -> Self {
        Self { at: Instant::FAR_FUTURE, id: None, registered: false }
    }

    fn deregister(&mut self) {
        if let (true, Some(id)) = (self.registered, self.id) {
            TIMERS.remove(self.at, id);
            self.registered = false;
        }
    }
}

impl Timer for ThreadTimer {
    fn reset(&mut self, at: Instant) {
        if at != self.at {
            self.deregister();
            self.at = at;
        }
    }

    fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.at == Instant::FAR_FUTURE {
            return Poll::Pending;
        }
        if self.at <= now() {
            self.deregister();
            return Poll::Ready(());
        }
        let id = *self.id.get_or_insert_with(|| TIMERS.next_id());
        TIMERS.insert(self.at, id, cx.waker());
        self.registered = true;
        Poll::Pending
    }
}

impl Drop for ThreadTimer {
    fn drop(&mut self) {
        self.deregister();
    }
}
