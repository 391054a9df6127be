//! Sources that carry no entries of the store: another publisher, a stream.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_core::Stream;
use parking_lot::Mutex;
use trimtab_queue::{Add, Priority};
use trimtab_seams::{BoxFuture, Instant};
use trimtab_stream::{EventPublisher, Interest, Payload, SubscribeError, SubscribeRequest};

use super::body::Body;
use super::follow::{Seat, Take, follow};
use super::{Follows, IntoRequests, SourceState};
use crate::Request;
use crate::cause::{Cause, Reason, WhatHappened};
use crate::controller::Entering;
use crate::shard::Gained;
use crate::task::{call, caught};

/// A source of another making.
pub(crate) trait Other: Send + Sync {
    /// For people.
    fn title(&self) -> String;
    /// Whether it can be opened at all: asked once, before anything starts (behaviour C15).
    fn probe(&self) -> Result<(), SubscribeError>;
    /// What of the store it takes. Provided: nothing.
    fn follows(&self) -> Follows {
        Follows::Elsewhere
    }
    /// Its task.
    fn task(&self, seat: Seat, body: Arc<Body>) -> BoxFuture<'static, ()>;
}

type Map<P> = Arc<dyn Fn(&P, &mut dyn FnMut(Request)) + Send + Sync>;

pub(crate) struct Published<P: Payload> {
    publisher: EventPublisher<P>,
    request: SubscribeRequest,
    map: Map<P>,
}

impl<P: Payload> Published<P> {
    pub(super) fn new<R: IntoRequests>(
        publisher: EventPublisher<P>,
        request: SubscribeRequest,
        map: impl Fn(&P) -> R + Send + Sync + 'static,
    ) -> Self {
        Self { publisher, request, map: Arc::new(move |event, take| map(event).each(take)) }
    }
}

impl<P: Payload> Other for Published<P> {
    fn title(&self) -> String {
        match self.request.interest() {
            Interest::All => self.request.topic().to_string(),
            Interest::One(subject) => format!("{}/{subject}", self.request.topic()),
        }
    }

    fn probe(&self) -> Result<(), SubscribeError> {
        self.publisher.subscribe(self.request.clone()).map(drop)
    }

    fn task(&self, seat: Seat, body: Arc<Body>) -> BoxFuture<'static, ()> {
        let take =
            Events { seat: seat.clone(), body, map: Arc::clone(&self.map), adds: Vec::new(), gained: None };
        Box::pin(follow(seat, self.publisher.clone(), self.request.clone(), take))
    }
}

/// Takes the events of a publisher that is not the store's.
struct Events<P> {
    seat: Seat,
    body: Arc<Body>,
    map: Map<P>,
    adds: Vec<Entering>,
    /// The snapshot that is being taken is for what this replica has gained.
    gained: Option<Gained>,
}

impl<P: Payload> Take<P> for Events<P> {
    fn begin(&mut self) {}

    fn events(&mut self, _index: u64, events: &[P], snapshot: bool) {
        if snapshot && self.body.quiet && !self.seat.health.is_synced() {
            return;
        }
        let (what, priority) = if snapshot {
            (WhatHappened::Found, Priority::Low)
        } else {
            (WhatHappened::Told, self.body.priority)
        };
        for event in events {
            self.seat.health.events.fetch_add(1, Ordering::Relaxed);
            let adds = &mut self.adds;
            let first = adds.len();
            let mapped = call(|| {
                (self.map)(event, &mut |request| {
                    if !adds[first..].iter().any(|add| add.item == request) {
                        let reason = Reason::of(what, None, None);
                        adds.push(Add::now(request).carrying(Cause::of(reason)).with_priority(priority));
                    }
                });
            });
            if let Err(panicked) = mapped {
                // A pure function of the event: it would panic again. What it named before stays.
                self.seat.health.map_failures.fetch_add(1, Ordering::Relaxed);
                let (controller, source) = (self.seat.core.name(), &self.seat.health.name);
                let backtrace = panicked.backtrace();
                tracing::error!(%controller, %source, error = %panicked, backtrace, "a mapping panicked; its event is passed over");
            }
        }
        if let Some(gained) = &self.gained {
            self.adds.retain(|add| gained.holds(&add.item));
        }
        self.seat.core.push_all(&mut self.adds);
    }

    fn end(&mut self, _index: u64) {
        self.gained = None;
    }

    fn tell_again(&mut self, gained: Gained) -> bool {
        self.gained = (!self.body.quiet).then_some(gained);
        self.body.quiet
    }

    fn due(&self) -> Instant {
        Instant::FAR_FUTURE
    }

    fn again(&mut self) {}
}

type Requests = Pin<Box<dyn Stream<Item = Request> + Send>>;

/// A stream can be read once, also by a controller that leads several times: whoever leads holds it.
pub(crate) struct Streamed(Arc<Mutex<Option<Requests>>>);

impl Streamed {
    pub(super) fn new(requests: impl Stream<Item = Request> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::pin(requests)))))
    }
}

impl Other for Streamed {
    fn title(&self) -> String {
        "stream".into()
    }

    fn probe(&self) -> Result<(), SubscribeError> {
        Ok(())
    }

    fn task(&self, seat: Seat, body: Arc<Body>) -> BoxFuture<'static, ()> {
        let home = Arc::clone(&self.0);
        let requests = home.lock().take();
        let mut held = Returned { home, requests };
        Box::pin(async move {
            seat.synced();
            while let Some(requests) = &mut held.requests {
                let next = caught(poll_fn(|cx| requests.as_mut().poll_next(cx))).await;
                let Ok(Some(request)) = next else {
                    if let Err(panicked) = next {
                        let backtrace = panicked.backtrace();
                        tracing::error!(controller = %seat.core.name(), error = %panicked, backtrace, "a stream panicked; the source has ended");
                    }
                    drop(held.requests.take());
                    break;
                };
                seat.health.events.fetch_add(1, Ordering::Relaxed);
                seat.core.enqueue_for(request, Reason::of(WhatHappened::Told, None, None), body.priority);
            }
            seat.health.set(SourceState::Ended);
        })
    }
}

/// Puts the stream back when the task is dropped.
struct Returned {
    home: Arc<Mutex<Option<Requests>>>,
    requests: Option<Requests>,
}

impl Drop for Returned {
    fn drop(&mut self) {
        *self.home.lock() = self.requests.take();
    }
}
