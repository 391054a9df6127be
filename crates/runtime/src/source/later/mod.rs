//! Changes mapped by asking somebody, which takes time.
//!
//! A call for each change would cost as many round trips as there are entries at start, so changes wait in line and are asked about together, one call at a
//! time. A call that fails says nothing of the single entries: so half as many are asked about, and half of those, until one stands alone, is put aside
//! and retried by itself while the others go on; with success the number doubles again. In between no pause is longer than when the whole source is down.
//!
//! The line is bounded: when it is full the source takes no more, and in the end lags behind its subscription and looks at the difference, as every slow source
//! does. Only what a snapshot brings is let in whole: the source holds these entries in any case.

mod line;
mod stuck;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use trimtab_backend::{Index, Key};
use trimtab_queue::Priority;
use trimtab_seams::{BoxFuture, Instant};
use trimtab_store::EntryEvent;

use super::body::{Asked, Body, Unmapped};
use super::entries::Maps;
use super::follow::{Seat, Standing};
use super::news::News;
use crate::cause::{Reason, WhatHappened};
use crate::controller::Entering;
use crate::task::{Panicked, call, caught, pause};
use crate::{Error, Reaction, Request, Result};
use line::{Line, Waiting};
use stuck::Stuck;

/// With so many changes in line no more are taken.
const FULL: usize = 1000;
/// How often a value in between is tried, which the entry has no more.
const TRIES: u32 = 8;
/// The pauses after failures: the first, and at most between two calls, and between two tries of one entry.
const FIRST: Duration = Duration::from_millis(5);
const MOST: Duration = Duration::from_secs(30);
const MOST_ALONE: Duration = Duration::from_secs(300);
/// Whoever says "not yet, at once" over and over is asked no more often than this.
const MOST_AT_ONCE: Duration = Duration::from_secs(1);

type Call = BoxFuture<'static, Result<Result<Vec<Request>, Unmapped>, Panicked>>;

pub(super) struct Later {
    seat: Seat,
    body: Arc<Body>,
    line: Line,
    stuck: Stuck,
    /// What is being asked about.
    asking: Option<Asking>,
    /// How many to ask about next.
    size: usize,
    /// Of calls about the line, in a row.
    failures: u32,
    /// Calls in a row that were answered with "not yet".
    put_off: u32,
    /// Since this term began.
    has_answered: bool,
    /// Nothing is asked before.
    until: Instant,
    /// Whether an entry that is stuck had the last turn.
    was_stuck: bool,
    /// Changes of the first snapshot that are not mapped yet.
    first: usize,
    /// The gate waits for no answer any more.
    has_failed: bool,
    numbers: u64,
    adds: Vec<Entering>,
}

struct Asking {
    changes: Vec<Waiting>,
    is_stuck: bool,
    call: Call,
}

/// Why a call gave no requests.
enum Why {
    /// No failure: again after this long.
    NotYet(Duration),
    /// The entry has to change.
    Refused,
    /// Again after this long, or with a growing delay.
    Failed(Option<Duration>),
}

impl Later {
    pub(super) fn new(seat: Seat, body: Arc<Body>) -> Self {
        let size = body.asked.as_ref().map_or(1, |asked| asked.most);
        Self {
            body,
            line: Line::default(),
            stuck: Stuck::default(),
            asking: None,
            size,
            failures: 0,
            put_off: 0,
            has_answered: false,
            until: seat.core.seams.now(),
            seat,
            was_stuck: false,
            first: 0,
            has_failed: false,
            numbers: 0,
            adds: Vec::new(),
        }
    }

    fn asked(&self) -> &Asked {
        self.body.asked.as_ref().expect("a source that asks")
    }

    /// Asks about what is next, if it is time and nothing is being asked.
    fn begin(&mut self) {
        let now = self.seat.core.seams.now();
        while self.asking.is_none() && self.until <= now {
            let stuck = if self.was_stuck && self.line.len() > 0 { None } else { self.stuck.take_due(now) };
            self.was_stuck = stuck.is_some();
            let is_stuck = self.was_stuck;
            let mut changes = match stuck {
                Some(one) => vec![one],
                None => self.line.take(self.size),
            };
            if changes.is_empty() {
                if self.stuck.due() > now {
                    break;
                }
                continue;
            }
            // There and gone again before anybody could be asked.
            let passed = changes.extract_if(.., |change| !self.body.fires(&change.event)).collect();
            self.mapped(passed, is_stuck);
            if changes.is_empty() {
                continue;
            }
            let events: Vec<_> = changes.iter().map(|change| change.event.clone()).collect();
            let snapshot = self.seat.core.store.snapshot();
            let call: Call = match call(|| (self.asked().ask)(&events, &snapshot)) {
                Ok(answer) => Box::pin(caught(answer)),
                Err(panicked) => Box::pin(std::future::ready(Err(panicked))),
            };
            self.asking = Some(Asking { changes, is_stuck, call });
        }
        let waits = self.asking.is_some() || self.line.len() > 0 || self.stuck.due() != Instant::FAR_FUTURE;
        self.seat.health.unfinished.store(waits, Ordering::Release);
    }

    fn answer(&mut self, asking: Asking, answer: Result<Result<Vec<Request>, Unmapped>, Panicked>) {
        let Asking { changes, is_stuck, .. } = asking;
        let unmapped = match answer {
            Ok(Ok(requests)) => {
                self.enter(&changes, requests);
                self.mapped(changes, is_stuck);
                self.size = self.size.saturating_mul(2).min(self.asked().most);
                (self.failures, self.put_off, self.has_answered) = (0, 0, true);
                return;
            }
            Ok(Err(unmapped)) => unmapped,
            Err(panicked) => {
                let backtrace = panicked.backtrace();
                let (controller, source) = (self.seat.core.name(), &self.seat.health.name);
                let key = &changes[0].event.key;
                tracing::error!(%controller, %source, %key, error = %panicked, backtrace, "a mapping panicked");
                Unmapped::Failed(Error::from(panicked))
            }
        };
        let (mut why, error) = match unmapped {
            Unmapped::Undecodable(error) => (Why::Refused, error.to_string()),
            Unmapped::Failed(error) => (why(&error), error.line()),
        };
        if let Why::NotYet(delay) = &mut why {
            *delay = pause(&self.seat.core.seams, FIRST, MOST_AT_ONCE, self.put_off).max(*delay);
            self.put_off += 1;
        }
        self.unmapped(changes, is_stuck, &why, error);
    }

    /// Queues what a call named.
    fn enter(&mut self, changes: &[Waiting], mut requests: Vec<Request>) {
        let Some(last) = changes.last() else { return };
        let index = changes.iter().map(|change| change.event.index).max().unwrap_or(Index::ZERO);
        let priority = changes.iter().map(|change| change.priority).max().unwrap_or_default();
        // Which of several named whom is not known.
        let key = (changes.len() == 1).then(|| last.event.key.clone());
        let reason = Reason::of(last.what, key, Some(index));
        self.seat.enter(&mut requests, &mut self.adds, &reason, index, priority, &news(changes));
        if !self.adds.is_empty() {
            self.seat.core.push_all(&mut self.adds);
        }
    }

    fn mapped(&mut self, changes: Vec<Waiting>, is_stuck: bool) {
        for change in changes {
            self.first -= usize::from(change.first);
            let key = &change.event.key;
            if !is_stuck {
                // An earlier change of the entry is stuck: perhaps only on a value that it has no more.
                if self.stuck.holds(key) && change.tries.is_none() {
                    let failures = self.stuck.failures(key);
                    self.stuck.keep(Waiting { first: false, ..change }, failures, self.seat.core.seams.now());
                }
                continue;
            }
            self.seat.health.unmapped.lock().remove(key);
            for mut between in self.stuck.mapped(key) {
                // What came while it was asked about is not mapped by that.
                between.tries = (between.number <= change.number).then_some(TRIES);
                self.line.push(between);
            }
        }
    }

    /// A call that gave nothing: about fewer, or about one of them later.
    fn unmapped(&mut self, changes: Vec<Waiting>, is_stuck: bool, why: &Why, error: String) {
        let (now, seams) = (self.seat.core.seams.now(), self.seat.core.seams.clone());
        let (controller, source) = (self.seat.core.name(), Arc::clone(&self.seat.health));
        let (key, count) = (changes[0].event.key.clone(), changes.len());
        self.has_failed = true;
        if let Why::Failed(_) = why {
            source.map_failures.fetch_add(1, Ordering::Relaxed);
        }
        if !is_stuck {
            self.size = (count / 2).max(1);
            match *why {
                Why::NotYet(delay) => self.until = now + delay,
                Why::Refused => self.has_answered = true,
                Why::Failed(delay) => {
                    self.until = now + delay.unwrap_or_else(|| pause(&seams, FIRST, MOST, self.failures));
                    self.failures += 1;
                }
            }
        }
        if count > 1 {
            tracing::warn!(%controller, source = %source.name, %key, error, changes = count, "a mapping of several changes failed; half as many are tried");
            self.line.put_back(changes);
        } else {
            for change in changes {
                self.alone(change, now, why, &error);
            }
        }
        if self.is_broken() {
            source.broke(error, now, self.failures, self.until);
        }
    }

    /// One change that was asked about alone.
    fn alone(&mut self, mut change: Waiting, now: Instant, why: &Why, error: &str) {
        let (controller, source) = (self.seat.core.name(), Arc::clone(&self.seat.health));
        let key = change.event.key.clone();
        self.first -= usize::from(std::mem::take(&mut change.first));
        if let Some(left) = change.tries {
            match (left.checked_sub(1), why) {
                (Some(left), Why::NotYet(_) | Why::Failed(_)) => {
                    self.line.push(Waiting { tries: Some(left), ..change });
                }
                _ => {
                    tracing::warn!(%controller, source = %source.name, %key, error, "what an entry was in between could not be mapped");
                }
            }
            return;
        }
        let failures = self.stuck.failures(&key);
        let (failures, due) = match *why {
            Why::Refused if change.event.new.is_none() && !self.stuck.is_newer(&change) => {
                tracing::warn!(%controller, source = %source.name, %key, error, "an entry that is gone could not be mapped, and will not change");
                source.unmapped.lock().remove(&key);
                let between = self.stuck.mapped(&key).into_iter();
                between.for_each(|change| self.line.push(Waiting { tries: Some(TRIES), ..change }));
                return;
            }
            Why::Refused => {
                tracing::warn!(%controller, source = %source.name, %key, error, "an entry cannot be mapped until it changes");
                (0, Instant::FAR_FUTURE)
            }
            Why::NotYet(delay) => {
                tracing::info!(%controller, source = %source.name, %key, error, "a mapping is put off");
                (failures, now + delay)
            }
            Why::Failed(delay) => {
                let seams = &self.seat.core.seams;
                let delay = delay.unwrap_or_else(|| pause(seams, FIRST, MOST_ALONE, failures));
                let failures = failures + 1;
                tracing::warn!(%controller, source = %source.name, %key, error, failures, "a mapping failed; it is tried again");
                (failures, now + delay)
            }
        };
        // What came while it was asked about may mend it.
        let due = if self.stuck.is_newer(&change) { now } else { due };
        source.unmapped.lock().insert(key, error.to_owned());
        self.stuck.keep(change, failures, due);
    }

    /// Nobody has answered yet, or more calls failed in a row than it takes to find a single entry that makes them fail.
    fn is_broken(&self) -> bool {
        let halves = usize::BITS - self.asked().most.leading_zeros();
        self.failures > if self.has_answered { halves } else { 0 }
    }
}

/// For which requests these together are news: in the order in which they came, which those that are tried again have lost.
fn news(changes: &[Waiting]) -> News {
    let mut in_order: Vec<_> = changes.iter().collect();
    in_order.sort_by_key(|change| change.number);
    in_order.into_iter().map(|change| change.news.clone()).reduce(News::and).unwrap_or_else(News::for_all)
}

fn why(error: &Error) -> Why {
    match error.reaction() {
        Reaction::RequeueAfter(delay) => Why::NotYet(delay),
        Reaction::RetryAfter(delay) => Why::Failed(Some(delay)),
        Reaction::Terminal => Why::Refused,
        Reaction::Retry | Reaction::Reread | Reaction::Stop => Why::Failed(None),
    }
}

impl Maps for Later {
    fn change(&mut self, event: &EntryEvent, what: WhatHappened, priority: Priority, news: &News) {
        self.numbers += 1;
        let first = what == WhatHappened::Found && !self.seat.health.is_synced();
        let (number, event, news) = (self.numbers, event.clone(), news.clone());
        let waiting = Waiting { number, event, what, priority, news, first: false, tries: None };
        let key: &Key = &waiting.event.key;
        if self.stuck.holds(key) {
            let failures = self.stuck.failures(key);
            self.stuck.keep(waiting, failures, self.seat.core.seams.now());
        } else {
            self.first += usize::from(first);
            self.line.push(Waiting { first, ..waiting });
        }
        // Before the source says that it has passed the change.
        self.seat.health.unfinished.store(true, Ordering::Release);
    }

    fn flush(&mut self) {
        self.begin();
    }

    fn due(&self) -> Instant {
        match self.asking {
            Some(_) => Instant::FAR_FUTURE,
            None if self.line.len() > 0 => self.until,
            None => self.stuck.due().max(self.until),
        }
    }

    fn again(&mut self) {
        self.begin();
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(asking) = &mut self.asking else { return Poll::Pending };
        let answer = ready!(asking.call.as_mut().poll(cx));
        if let Some(asking) = self.asking.take() {
            self.answer(asking, answer);
        }
        self.begin();
        Poll::Ready(())
    }

    fn standing(&self) -> Standing {
        Standing {
            first_waits: self.first > 0 && !self.has_failed,
            broken: self.is_broken(),
            full: self.line.len() >= FULL,
        }
    }
}
