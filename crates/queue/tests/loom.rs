//! The shell in every interleaving of a few threads, by loom.
//!
//! `RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test -p trimtab-queue --release --test loom`
#![cfg(loom)]

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use loom::future::block_on;
use loom::thread;
use trimtab_queue::{QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::{BoxFuture, Clock, Instant, Seams, Seeded, Spawn, Timer};

const SECOND: Duration = Duration::from_secs(1);

/// A clock that is moved by hand, with one timer. Its lock is never held at a point where loom may switch threads.
#[derive(Clone, Default)]
struct Hand(Arc<Mutex<Face>>);

#[derive(Default)]
struct Face {
    now: Instant,
    alarm: Option<(Instant, Waker)>,
}

impl Hand {
    /// Moves the clock to the alarm and rings it. False when none is set.
    fn ring(&self) -> bool {
        let alarm = {
            let mut face = self.0.lock().unwrap();
            let alarm = face.alarm.take();
            face.now = alarm.as_ref().map_or(face.now, |(at, _)| face.now.max(*at));
            alarm
        };
        let rang = alarm.is_some();
        alarm.into_iter().for_each(|(_, waker)| waker.wake());
        rang
    }
}

impl Clock for Hand {
    fn now(&self) -> Instant {
        self.0.lock().unwrap().now
    }
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
    fn timer(&self) -> Box<dyn Timer> {
        Box::new(HandTimer { hand: self.clone(), at: Instant::FAR_FUTURE })
    }
}

struct HandTimer {
    hand: Hand,
    at: Instant,
}

impl Timer for HandTimer {
    fn reset(&mut self, at: Instant) {
        if at != self.at {
            self.at = at;
            let alarm = self.hand.0.lock().unwrap().alarm.take();
            drop(alarm);
        }
    }
    fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut face = self.hand.0.lock().unwrap();
        if self.at <= face.now {
            return Poll::Ready(());
        }
        let old = face.alarm.replace((self.at, waker));
        drop(face);
        drop(old);
        Poll::Pending
    }
}

struct NoTasks;

impl Spawn for NoTasks {
    fn spawn(&self, name: &'static str, _: BoxFuture<'static, ()>) {
        panic!("a queue starts no task: {name}");
    }
    fn spawn_blocking(&self, name: &'static str, _: Box<dyn FnOnce() + Send>) {
        panic!("a queue starts no thread: {name}");
    }
}

type Queue = RateLimitedQueue<u32>;

/// Every interleaving with at most three pre-emptions.
fn model(test: impl Fn(Queue, Hand) + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let hand = Hand::default();
        let seams = Seams::new(hand.clone(), Seeded::new(1), NoTasks);
        test(RateLimitedQueue::new(QueueSettings::new(&seams)), hand);
    });
}

fn get(queue: &Queue) -> u32 {
    let claim = block_on(queue.get()).expect("not shut down");
    let key = *claim;
    claim.done();
    key
}

/// Polls once and drops.
fn look_in(queue: &Queue) -> Option<u32> {
    let mut get = Box::pin(queue.get());
    match get.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(claim) => claim.map(|claim| {
            let key = *claim;
            claim.done();
            key
        }),
        Poll::Pending => None,
    }
}

/// behaviour Q12
/// guarantee Q-i
#[test]
fn an_add_wakes_a_worker_that_is_about_to_sleep() {
    model(|queue, _| {
        let adding = queue.clone();
        let adder = thread::spawn(move || adding.add(1));
        assert_eq!(get(&queue), 1);
        adder.join().unwrap();
    });
}

/// behaviour Q12, Q2
/// guarantee Q-b, Q-i
#[test]
fn two_adds_reach_two_workers() {
    model(|queue, _| {
        let working = queue.clone();
        let worker = thread::spawn(move || get(&working));
        let adding = queue.clone();
        let adder = thread::spawn(move || {
            adding.add(1);
            adding.add(2);
        });
        let mine = get(&queue);
        let other = worker.join().unwrap();
        assert_eq!(mine + other, 3);
        adder.join().unwrap();
    });
}

/// behaviour Q13
/// guarantee Q-j
#[test]
fn a_get_that_is_dropped_while_it_is_woken_loses_no_key() {
    model(|queue, _| {
        let dropping = queue.clone();
        let dropper = thread::spawn(move || look_in(&dropping));
        let adding = queue.clone();
        let adder = thread::spawn(move || {
            adding.add(1);
            adding.add(2);
        });
        let mine = get(&queue);
        let seen = dropper.join().unwrap();
        adder.join().unwrap();
        let left = queue.len();
        assert_eq!(usize::from(seen.is_some()) + left, 1, "mine is {mine}");
    });
}

/// behaviour Q3, Q12
/// guarantee Q-b, Q-c
#[test]
fn an_add_that_races_with_done_makes_one_more_run() {
    model(|queue, _| {
        queue.add(1);
        let claim = block_on(queue.get()).expect("not shut down");
        let adding = queue.clone();
        let adder = thread::spawn(move || adding.add(1));
        claim.done();
        assert_eq!(get(&queue), 1);
        adder.join().unwrap();
        assert_eq!(queue.report_all(), []);
    });
}

/// behaviour Q11
/// guarantee Q-h
#[test]
fn a_shutdown_wakes_a_worker_that_is_about_to_sleep() {
    model(|queue, _| {
        let ending = queue.clone();
        let ender = thread::spawn(move || ending.shutdown());
        let working = queue.clone();
        let worker = thread::spawn(move || assert!(block_on(working.get()).is_none()));
        assert!(block_on(queue.get()).is_none());
        ender.join().unwrap();
        worker.join().unwrap();
    });
}

/// behaviour Q11
/// guarantee Q-h
#[test]
fn a_drain_ends_when_the_last_claim_comes_home() {
    model(|queue, _| {
        queue.add(1);
        let claim = block_on(queue.get()).expect("not shut down");
        let draining = queue.clone();
        let drainer = thread::spawn(move || block_on(draining.shutdown_and_drain()));
        let adding = queue.clone();
        let adder = thread::spawn(move || adding.add(1));
        claim.done();
        // If the add was in time its run is waited for.
        while let Some(claim) = block_on(queue.get()) {
            claim.done();
        }
        drainer.join().unwrap();
        adder.join().unwrap();
        assert_eq!(queue.report_all(), []);
    });
}

/// behaviour Q8, Q12
/// guarantee Q-i
#[test]
fn a_deferral_sets_the_alarm_for_a_worker_that_is_about_to_sleep() {
    model(|queue, hand| {
        let deferring = queue.clone();
        let deferrer = thread::spawn(move || {
            deferring.add_after(1, SECOND);
            while !hand.ring() {
                thread::yield_now();
            }
        });
        assert_eq!(get(&queue), 1);
        deferrer.join().unwrap();
    });
}

/// behaviour Q8, Q12
/// guarantee Q-i
#[test]
fn an_alarm_that_is_moved_while_it_rings_rings_again() {
    model(|queue, hand| {
        queue.add_after(1, SECOND);
        let working = queue.clone();
        let worker = thread::spawn(move || get(&working));
        let moving = queue.clone();
        let mover = thread::spawn(move || moving.reschedule(1, 2 * SECOND));
        // Rings for the first time, the second, or both, until the key was handed out.
        while queue.counters().handed_out == 0 {
            hand.ring();
            thread::yield_now();
        }
        assert_eq!(worker.join().unwrap(), 1);
        mover.join().unwrap();
    });
}

/// behaviour Q13
/// guarantee Q-j
#[test]
fn a_worker_dropped_while_the_alarm_rings_for_it_leaves_the_key_to_another() {
    model(|queue, hand| {
        queue.add_after(1, SECOND);
        let dropping = queue.clone();
        let dropper = thread::spawn(move || look_in(&dropping));
        let working = queue.clone();
        let worker = thread::spawn(move || block_on(working.get()).map(|claim| *claim));
        while queue.counters().handed_out == 0 {
            hand.ring();
            thread::yield_now();
        }
        if dropper.join().unwrap().is_some() {
            queue.shutdown();
            worker.join().unwrap();
        } else {
            assert_eq!(worker.join().unwrap(), Some(1));
        }
    });
}

/// behaviour C16
#[test]
fn superseded_is_told_to_a_worker_that_is_about_to_listen() {
    model(|queue, _| {
        queue.add(1);
        let claim = block_on(queue.get()).expect("not shut down");
        let adding = queue.clone();
        let adder = thread::spawn(move || adding.add(1));
        block_on(claim.superseded());
        claim.done();
        assert_eq!(get(&queue), 1);
        adder.join().unwrap();
    });
}
