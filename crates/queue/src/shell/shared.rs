//! What all handles of a queue share.
//!
//! Each operation locks, calls the state once, and hands the lock to [`Shared::settle`], which does what the operation left to be done:
//! wakes workers and sets the alarm, both outside the lock. Limiters, the clock and the destructors of items also run outside it.

use std::error::Error;
use std::hash::BuildHasher;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use trimtab_seams::{HashState, Instant, Seams, Timer};

use super::alarm::Bell;
use crate::core::{Adding, Failed, Finished, State, Verdict, When};
use crate::outcome::{ClaimDropped, describe};
use crate::sync::{AtomicBool, Mutex, MutexGuard};
use crate::{Add, BoxError, Failure, Finish, Item, Limiter, Merge, Outcome, Priority, QueueSettings};

pub(super) struct Shared<T, D> {
    pub(super) state: Mutex<State<T, D, Waker>>,
    /// Whether anything is promised, so that the clock is looked at only then. May be out of date: an alarm covers that.
    promised: AtomicBool,
    /// Set while a worker is parked and something is promised.
    pub(super) timer: Mutex<Option<Box<dyn Timer>>>,
    /// Rings when the timer has elapsed.
    pub(super) bell: Waker,
    pub(super) seams: Seams,
    limiter: Box<dyn Limiter<T>>,
    timings: bool,
    hasher: HashState,
}

impl<T: Item, D: Merge> Shared<T, D> {
    pub(super) fn new(settings: QueueSettings<T>) -> Arc<Self> {
        let QueueSettings { limiter, seams, timings, fairness, .. } = settings;
        Arc::new_cyclic(|shared: &Weak<Self>| Self {
            state: Mutex::new(State::new(fairness)),
            promised: AtomicBool::new(false),
            timer: Mutex::new(None),
            bell: Waker::from(Arc::new(Bell(shared.clone()))),
            seams,
            limiter,
            timings,
            hasher: HashState::default(),
        })
    }

    /// The upper half of the hash.
    pub(super) fn hash(&self, item: &T) -> u32 {
        u32::try_from(self.hasher.hash_one(item) >> 32).expect("32 bits are left")
    }

    /// The time, if anybody needs it.
    pub(super) fn time(&self) -> Option<Instant> {
        (self.timings || self.promised.load(Ordering::Relaxed)).then(|| self.seams.now())
    }

    /// Gives the lock back and does what is left to be done without it.
    #[inline]
    pub(super) fn settle<'a>(&'a self, state: MutexGuard<'a, State<T, D, Waker>>) {
        let promised = state.core.has_promises();
        if promised != self.promised.load(Ordering::Relaxed) {
            self.promised.store(promised, Ordering::Relaxed);
        }
        if state.is_quiet() {
            drop(state);
        } else {
            self.settle_wakes(state);
        }
    }

    #[inline(never)]
    fn settle_wakes<'a>(&'a self, mut state: MutexGuard<'a, State<T, D, Waker>>) {
        loop {
            let wake = state.next_wake();
            let rearm = state.alarm_is_wrong();
            drop(state);
            let more = wake.is_some_and(|(waker, more)| {
                waker.wake();
                more
            });
            if !more {
                if rearm {
                    self.set_alarm();
                }
                return;
            }
            state = self.state.lock();
        }
    }

    /// The time, if runs are to be timed.
    pub(super) fn stamp(&self) -> Option<Instant> {
        if self.timings { Some(self.seams.now()) } else { None }
    }

    /// Takes an add, which is mostly for now.
    pub(super) fn push(&self, add: Add<T, D>) {
        if add.is_now() {
            self.add_now(add.item, add.data, add.priority);
        } else {
            self.promise(add);
        }
    }

    pub(super) fn add_now(&self, item: T, data: D, level: Priority) {
        let (hash, now) = (self.hash(&item), self.stamp());
        let mut state = self.state.lock();
        let not_needed = state.add_now(hash, item, data, level, now);
        self.settle(state);
        drop(not_needed);
    }

    /// Takes an add with a delay or an error.
    #[inline(never)]
    fn promise(&self, add: Add<T, D>) {
        let Add { item, data, after, priority, error } = add;
        let hash = self.hash(&item);
        let (when, failed, now) = match error {
            None => {
                let now = self.seams.now();
                (When::At(now + after), None, now)
            }
            Some(error) => {
                let (when, failed) = self.fail(hash, &item, &*error);
                let now = failed.now;
                (when, Some(failed), now)
            }
        };
        self.take_in(Adding { hash, item, data, when, level: priority, failed }, Some(now));
    }

    pub(super) fn take_in(&self, adding: Adding<T, D>, now: Option<Instant>) {
        let mut state = self.state.lock();
        let not_needed = state.push(adding, now);
        self.settle(state);
        drop(not_needed);
    }

    /// Asks the limiter about a failure.
    fn fail(&self, hash: u32, item: &T, error: &(dyn Error + 'static)) -> (When, Failed) {
        let now = self.seams.now();
        let count = self.state.lock().core.failures(hash, item);
        let failure = Failure::nth(count).with_error(error).at(now).with_random(self.seams.random());
        let delay = self.limiter.next_retry(item, &failure);
        let when = if delay.is_zero() { When::Now } else { When::At(now + delay) };
        (when, Failed { error: describe(error), now })
    }

    pub(super) fn forget_at_limiter(&self, item: &T, forgot: bool) {
        if forgot {
            self.limiter.forget(item);
        }
    }

    /// After the shutdown: drops what is in line and deferred, outside the lock.
    pub(super) fn discard(&self) {
        let mut trash = Vec::new();
        while self.state.lock().discard(&mut trash) {
            trash.clear();
        }
    }

    /// What an outcome comes to (`None`: a success), and the time if it was looked at.
    fn judge(&self, hash: u32, item: &T, data: D, outcome: Outcome) -> (Option<Verdict<D>>, Option<Instant>) {
        let later = |delay: Duration| {
            let now = (!delay.is_zero()).then(|| self.seams.now());
            (now.map_or(When::Now, |now| When::At(now + delay)), now)
        };
        let retry = |data: D, error: BoxError| {
            let (when, failed) = self.fail(hash, item, &*error);
            let now = failed.now;
            (Verdict::Retry(when, data, failed), Some(now))
        };
        let (verdict, now) = match outcome {
            Outcome::Done => return (None, None),
            Outcome::After(delay) => {
                let (when, now) = later(delay);
                (Verdict::After(when), now)
            }
            Outcome::Again(delay) => {
                let (when, now) = later(delay);
                (Verdict::Again(when, data), now)
            }
            Outcome::Retry(error) => retry(data, error),
            Outcome::Dropped => retry(data, ClaimDropped.into()),
            Outcome::Failed(error) => {
                let now = self.seams.now();
                (Verdict::Failed(Failed { error: describe(&*error), now }), Some(now))
            }
        };
        (Some(verdict), now)
    }

    fn come_home(&self, hash: u32, item: &T, verdict: Option<Verdict<D>>, now: Option<Instant>) {
        let mut state = self.state.lock();
        let Finished { freed, forgot } = state.finish(hash, item, verdict, now);
        let shut = state.is_shut();
        self.settle(state);
        drop(freed);
        self.forget_at_limiter(item, forgot);
        if shut {
            // What the outcome asked for will not happen.
            self.discard();
        }
    }
}

impl<T: Item, D: Merge> Finish<T, D> for Shared<T, D> {
    fn finish(&self, item: T, data: D, outcome: Outcome) {
        let hash = self.hash(&item);
        if let Outcome::Done = outcome {
            self.come_home(hash, &item, None, self.stamp());
        } else {
            let (verdict, now) = self.judge(hash, &item, data, outcome);
            self.come_home(hash, &item, verdict, now.or_else(|| self.stamp()));
        }
    }

    fn poll_superseded(&self, item: &T, cx: &mut Context<'_>) -> Poll<()> {
        let hash = self.hash(item);
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        let superseded = state.is_superseded(hash, item);
        let not_kept = if superseded {
            Some(waker)
        } else {
            state.watch(hash, item, waker, |kept| kept.will_wake(cx.waker()))
        };
        drop(state);
        drop(not_kept);
        if superseded { Poll::Ready(()) } else { Poll::Pending }
    }

    fn is_superseded(&self, item: &T) -> bool {
        let hash = self.hash(item);
        self.state.lock().is_superseded(hash, item)
    }
}
