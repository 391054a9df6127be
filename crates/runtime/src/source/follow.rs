//! The task of a source: subscribe, take, subscribe again.
//!
//! Each source has a task, a subscription and a backoff of its own, so a broken one degrades only itself (behaviour C4). A subscription
//! that lagged behind is resumed at once; what the resume cannot give, the diff against what is held does.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use trimtab_seams::{BoxFuture, Instant};
use trimtab_stream::{Closed, EventPublisher, Message, Payload, SubscribeRequest, Subscription};

use super::body::{Body, Origin};
use super::entries::Entries;
use super::{Health, SourceState};
use crate::controller::{Core, Term};
use crate::task::{First, pause, race, unless};

/// What a subscription's messages are made into.
pub(crate) trait Take<P>: Send {
    /// A snapshot follows in place of what was known.
    fn begin(&mut self);
    /// Events: of a snapshot, or of one commit.
    fn events(&mut self, index: u64, events: &[P], snapshot: bool);
    /// The snapshot is whole.
    fn end(&mut self, index: u64);
    /// When it wants to be called again by itself; the far future for never.
    fn due(&self) -> Instant;
    /// That time has come.
    fn again(&mut self);
}

/// What a source's task needs beside the source.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) core: Arc<Core>,
    pub(crate) term: Arc<Term>,
    pub(crate) health: Arc<Health>,
}

impl Seat {
    /// The first snapshot has been taken, and all it leads to is queued.
    pub(crate) fn synced(&self) {
        if self.health.sync() && self.health.gate {
            self.term.gate.arrive();
        }
        self.health.set(SourceState::Live);
    }
}

/// Starts the task of a source.
pub(crate) fn start(seat: Seat, body: &Arc<Body>) {
    seat.health.restart();
    let task: BoxFuture<'static, ()> = match &body.origin {
        Origin::Entries(request) => {
            let publisher = seat.core.store.publisher().clone();
            let take = Entries::new(seat.clone(), Arc::clone(body));
            Box::pin(follow(seat.clone(), publisher, request.clone(), take))
        }
        Origin::Other(other) => other.task(seat.clone(), Arc::clone(body)),
    };
    let (core, term) = (Arc::clone(&seat.core), Arc::clone(&seat.term));
    term.group.spawn(&core.seams, "source", async move {
        unless(seat.term.intake.raised(), task).await;
    });
}

/// Follows a topic for ever.
pub(crate) async fn follow<P: Payload>(
    seat: Seat,
    publisher: EventPublisher<P>,
    request: SubscribeRequest,
    mut take: impl Take<P>,
) {
    let seams = &seat.core.seams;
    let mut seen = request.index();
    let mut failures = 0;
    loop {
        let error = match publisher.subscribe(request.clone().resume_at(seen)) {
            Err(error) => error.to_string(),
            Ok(subscription) => {
                let before = seen;
                let closed = take_all(&seat, &publisher, subscription, &mut seen, &mut take).await;
                let progressed = seen != before;
                if closed == Closed::TopicRefreshed {
                    seat.core.begin_era();
                    seat.health.forget_position();
                    seen = 0;
                }
                if progressed {
                    failures = 0;
                }
                seat.health.resubscribes.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(controller = %seat.core.name(), source = %seat.health.name, reason = %closed, "subscribing again");
                if progressed && matches!(closed, Closed::Lagged | Closed::TopicRefreshed) {
                    continue;
                }
                closed.to_string()
            }
        };
        let now = seams.now();
        let next_try = now + pause(seams, Duration::from_millis(100), Duration::from_secs(30), failures);
        failures += 1;
        if failures > 1 || seen == 0 {
            tracing::warn!(controller = %seat.core.name(), source = %seat.health.name, %error, failures, "a source is broken; trying again");
        }
        seat.health.broke(error, now, failures, next_try);
        // What waits to be mapped again does not wait for the source.
        while let First::Right(()) = race(seams.sleep_until(next_try), seams.sleep_until(take.due())).await {
            take.again();
        }
    }
}

/// Takes what a subscription gives until it is closed.
async fn take_all<P: Payload>(
    seat: &Seat,
    publisher: &EventPublisher<P>,
    mut subscription: Subscription<P>,
    seen: &mut u64,
    take: &mut impl Take<P>,
) -> Closed {
    let mut timer = seat.core.seams.timer();
    let mut waiting = None;
    let mut snapshot = *seen == 0;
    if snapshot {
        take.begin();
    } else {
        seat.synced();
    }
    loop {
        timer.reset(take.due());
        let step = poll_fn(|cx| {
            let next = poll_message(seat, publisher, &mut subscription, &mut waiting, !snapshot, cx);
            if let Poll::Ready(next) = next {
                return Poll::Ready(Some(next));
            }
            timer.poll_elapsed(cx).map(|()| None)
        });
        match step.await {
            None => take.again(),
            Some(Err(closed)) => return closed,
            Some(Ok(Message::NewSnapshotToFollow)) => {
                snapshot = true;
                take.begin();
            }
            Some(Ok(Message::Changes { index, events })) => {
                // Told twice: nothing new (behaviour C5).
                if snapshot || index > *seen {
                    take.events(index, &events, snapshot);
                }
                if !snapshot {
                    *seen = index.max(*seen);
                    seat.health.passed(index);
                }
            }
            Some(Ok(Message::EndOfSnapshot(index))) => {
                take.end(index);
                snapshot = false;
                *seen = index;
                seat.health.passed(index);
                seat.synced();
            }
        }
    }
}

/// The next message. When there is none although the publisher stands at some index, everything up to there has been taken.
fn poll_message<P: Payload>(
    seat: &Seat,
    publisher: &EventPublisher<P>,
    subscription: &mut Subscription<P>,
    waiting: &mut Option<Message<P>>,
    live: bool,
    cx: &mut Context<'_>,
) -> Poll<Result<Message<P>, Closed>> {
    if let Some(message) = waiting.take() {
        return Poll::Ready(Ok(message));
    }
    let upto = publisher.index();
    let polled = subscription.poll_next(cx);
    if polled.is_pending() && live {
        // Pending also means "let others work"; then there is a message, and the waker has been woken.
        match subscription.try_next()? {
            None => seat.health.passed(upto),
            message => *waiting = message,
        }
    }
    polled
}
