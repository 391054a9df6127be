//! The task of a source: subscribe, take, subscribe again.
//!
//! Each source has a task, a subscription and a backoff of its own, so a broken one degrades only itself (behaviour C4). A subscription
//! that lagged behind is resumed at once; what the resume cannot give, the diff against what is held does.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use trimtab_seams::{BoxFuture, Instant};
use trimtab_stream::{Closed, EventPublisher, Message, Payload, SubscribeRequest, Subscription};

use super::body::{Body, Origin};
use super::entries::Entries;
use super::later::Later;
use super::now::Now;
use super::{Health, SourceState};
use crate::controller::{Core, Term};
use crate::shard::{Gained, Listed};
use crate::task::{First, pause, race, unless};

/// What a subscription's messages are made into.
pub(crate) trait Take<P>: Send {
    /// A snapshot follows in place of what was known.
    fn begin(&mut self);
    /// Events: of a snapshot, or of one commit.
    fn events(&mut self, index: u64, events: &[P], snapshot: bool);
    /// The snapshot is whole.
    fn end(&mut self, index: u64);
    /// Tells again of what it holds, of which this replica has gained some. False when it holds nothing: then a new snapshot follows for it.
    fn tell_again(&mut self, gained: Gained) -> bool;
    /// When it wants to be called again by itself; the far future for never.
    fn due(&self) -> Instant;
    /// That time has come.
    fn again(&mut self);
    /// Goes on with what it does beside the subscription. Ready when that came a step further. Provided: nothing.
    fn poll(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
    /// How it fares with that. Provided: well.
    fn standing(&self) -> Standing {
        Standing::default()
    }
}

/// How it stands with what was taken and is mapped later.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// What the first snapshot led to is not all queued yet.
    pub(crate) first_waits: bool,
    /// It says itself that the source is broken.
    pub(crate) broken: bool,
    /// There is so much of it that no more is taken.
    pub(crate) full: bool,
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
        self.arrived();
        self.health.set(SourceState::Live);
    }

    /// Nothing waits for the source any more.
    fn arrived(&self) {
        if self.health.sync() && self.health.gate {
            self.term.gate.arrive();
        }
    }
}

/// When keys are shared out among replicas.
impl Seat {
    /// How far a source that begins now has told of what is this replica's.
    pub(crate) fn listed(&self) -> Option<Listed> {
        let listed = self.term.share().map(Listed::new);
        self.note_listed(listed.as_ref());
        listed
    }

    pub(crate) fn note_listed(&self, listed: Option<&Listed>) {
        *self.health.listed.lock() = listed.map(Listed::upto);
    }
}

/// Starts the task of a source.
pub(crate) fn start(seat: Seat, body: &Arc<Body>) {
    seat.health.restart();
    let task: BoxFuture<'static, ()> = match &body.origin {
        Origin::Entries(request) => {
            let publisher = seat.core.store.publisher().clone();
            if body.asked.is_some() {
                let take =
                    Entries::new(seat.clone(), Arc::clone(body), Later::new(seat.clone(), Arc::clone(body)));
                Box::pin(follow(seat.clone(), publisher, request.clone(), take))
            } else {
                let take =
                    Entries::new(seat.clone(), Arc::clone(body), Now::new(seat.clone(), Arc::clone(body)));
                Box::pin(follow(seat.clone(), publisher, request.clone(), take))
            }
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
    let mut listed = seat.listed();
    loop {
        let error = match publisher.subscribe(request.clone().resume_at(seen)) {
            Err(error) => error.to_string(),
            Ok(subscription) => {
                let before = seen;
                let closed =
                    take_all(&seat, &publisher, subscription, &mut seen, &mut take, &mut listed).await;
                let Some(closed) = closed else {
                    seen = 0;
                    continue;
                };
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
        // What waits to be mapped does not wait for the source.
        loop {
            let again = race(seams.sleep_until(take.due()), poll_fn(|cx| take.poll(cx)));
            match race(seams.sleep_until(next_try), again).await {
                First::Left(()) => break,
                First::Right(First::Left(())) => take.again(),
                First::Right(First::Right(())) => {}
            }
        }
    }
}

/// What comes next while a subscription is taken.
enum Step<P: Payload> {
    Message(Result<Message<P>, Closed>),
    /// What goes on beside it came a step further.
    Further,
    /// The time has come that was asked for.
    Elapsed,
    Gained(Gained),
}

/// What has become this replica's; never, when keys are not shared out.
pub(crate) async fn gained(listed: Option<&mut Listed>) -> Gained {
    match listed {
        Some(listed) => listed.gained().await,
        None => std::future::pending().await,
    }
}

/// Takes what a subscription gives until it is closed; none when another is needed to tell all of it again.
async fn take_all<P: Payload>(
    seat: &Seat,
    publisher: &EventPublisher<P>,
    mut subscription: Subscription<P>,
    seen: &mut u64,
    take: &mut impl Take<P>,
    listed: &mut Option<Listed>,
) -> Option<Closed> {
    let mut timer = seat.core.seams.timer();
    let mut waiting = None;
    let mut snapshot = *seen == 0;
    let mut live = false;
    if snapshot {
        take.begin();
    }
    loop {
        let Standing { first_waits, broken, full } = take.standing();
        if !snapshot && !first_waits && !seat.health.is_synced() {
            seat.arrived();
        }
        let is_live = !snapshot && !first_waits && !broken;
        if is_live && !live {
            seat.health.set(SourceState::Live);
        }
        live = is_live;
        timer.reset(take.due());
        let step = async {
            let mut gained = pin!(gained(listed.as_mut().filter(|_| !snapshot)));
            let step = poll_fn(|cx| {
                if take.poll(cx).is_ready() {
                    return Poll::Ready(Step::Further);
                }
                if full && !snapshot {
                    return timer.poll_elapsed(cx).map(|()| Step::Elapsed);
                }
                if let Poll::Ready(gained) = gained.as_mut().poll(cx) {
                    return Poll::Ready(Step::Gained(gained));
                }
                let next = poll_message(seat, publisher, &mut subscription, &mut waiting, !snapshot, cx);
                if let Poll::Ready(next) = next {
                    return Poll::Ready(Step::Message(next));
                }
                timer.poll_elapsed(cx).map(|()| Step::Elapsed)
            });
            step.await
        };
        match step.await {
            Step::Elapsed => take.again(),
            Step::Further => {}
            Step::Gained(gained) => {
                let told = take.tell_again(gained);
                seat.note_listed(listed.as_ref());
                if !told {
                    return None;
                }
            }
            Step::Message(Err(closed)) => return Some(closed),
            Step::Message(Ok(Message::NewSnapshotToFollow)) => {
                snapshot = true;
                take.begin();
            }
            Step::Message(Ok(Message::Changes { index, events })) => {
                // Told twice: nothing new (behaviour C5).
                if snapshot || index > *seen {
                    take.events(index, &events, snapshot);
                }
                if !snapshot {
                    *seen = index.max(*seen);
                    seat.health.passed(index);
                }
            }
            Step::Message(Ok(Message::EndOfSnapshot(index))) => {
                take.end(index);
                snapshot = false;
                *seen = index;
                seat.health.passed(index);
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
