//! The stream itself: where it begins, where it goes on, when it ends.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use trimtab_backend::ResetReason;
use trimtab_seams::{Instant, Sleep};
use trimtab_store::{
    Closed, EntryEvent, Index, Message, Past, PastError, Position, Store, SubscribeError, Subscription,
};

use super::Wanted;
use super::frame;
use super::seats::Seat;
use super::shelf::Told;
use crate::api::Shared;

/// Bytes of a snapshot made at a time; what is not yet taken is made when it is asked for.
const STRETCH: usize = 32 << 10;
/// How long a position is waited for that the view has not reached yet: another replica may have told it first.
const AHEAD: Duration = Duration::from_secs(1);

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Where a watch is to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// With a snapshot.
    Nothing,
    /// After a position.
    Position(Position),
    /// With a snapshot, for the client comes from another store.
    OtherStore,
}

/// The body of a watch. Ends when the daemon stops or the store is closed.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    wanted: Wanted,
    phase: Phase,
    /// Told next, before anything else.
    next: Vec<Bytes>,
    /// Everything up to here was told.
    told: Position,
    /// Something was told last.
    at: Instant,
    progress: Sleep,
    stopping: Later<()>,
    _seat: Seat,
}

enum Phase {
    /// Asking the backend for what the publisher does not know any more.
    Asking(Later<Result<Past, PastError>>),
    /// Telling that.
    Past(Box<Past>),
    /// Telling the entries that are there.
    Snapshot {
        subscription: Subscription<EntryEvent>,
        chunk: Option<(Arc<[EntryEvent]>, usize)>,
    },
    /// Telling what happens.
    Live(Subscription<EntryEvent>),
    Ended,
}

/// What a look at the phase came to.
enum Step {
    Frame(Bytes),
    /// Look again.
    On,
    Waiting,
    End,
}

impl Watch {
    /// A watch that tells what is wanted.
    ///
    /// # Errors
    /// [`SubscribeError`]: the kind is not followed, or the store is closed.
    pub(crate) fn begin(
        shared: &Arc<Shared>,
        wanted: Wanted,
        from: From,
        seat: Seat,
        stopping: Later<()>,
    ) -> Result<Self, SubscribeError> {
        let position = shared.store.position().ok_or(SubscribeError::ShuttingDown)?;
        let seams = shared.store.seams();
        let subscription = shared.store.subscribe(wanted.request())?;
        let mut watch = Self {
            phase: Phase::Snapshot { subscription, chunk: None },
            next: vec![Bytes::from_static(frame::RETRY.as_bytes())],
            told: position,
            at: seams.now(),
            progress: seams.sleep(shared.limits.progress),
            stopping,
            _seat: seat,
            shared: Arc::clone(shared),
            wanted,
        };
        match from {
            From::Nothing => {}
            From::Position(position) => {
                watch.told = position;
                watch.resume();
            }
            From::OtherStore => watch.next.insert(0, frame::reset("other-store")),
        }
        Ok(watch)
    }

    /// Goes on after what was told: from the publisher if it reaches back so far, else from the backend.
    fn resume(&mut self) {
        match self.subscribed_after(self.told.index) {
            Ok(Some(subscription)) => self.phase = Phase::Live(subscription),
            Ok(None) => {
                let asking = ask(self.shared.store.clone(), self.wanted.kind.clone(), self.told);
                self.phase = Phase::Asking(Box::pin(asking));
            }
            Err(_) => self.phase = Phase::Ended,
        }
    }

    /// A subscription that goes on after an index; `None`: it would begin anew.
    fn subscribed_after(&self, index: Index) -> Result<Option<Subscription<EntryEvent>>, SubscribeError> {
        let request = self.wanted.request().resume_at(index.get());
        let subscription = self.shared.store.subscribe(request)?;
        Ok(Some(subscription).filter(|subscription| subscription.index() > 0))
    }

    /// Tells the client to forget what it holds, and begins anew.
    fn reset(&mut self, reason: &str) {
        self.next.push(frame::reset(reason));
        let opened =
            self.shared.store.position().zip(self.shared.store.subscribe(self.wanted.request()).ok());
        match opened {
            Some((position, subscription)) => {
                self.told = position;
                self.phase = Phase::Snapshot { subscription, chunk: None };
            }
            None => self.phase = Phase::Ended,
        }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Step {
        match &mut self.phase {
            Phase::Asking(asking) => match asking.as_mut().poll(cx) {
                Poll::Ready(Ok(past)) => self.phase = Phase::Past(Box::new(past)),
                Poll::Ready(Err(PastError::Lost(ResetReason::IndexWentBack))) => self.reset("store-replaced"),
                Poll::Ready(Err(PastError::Lost(ResetReason::OtherStore))) => self.reset("other-store"),
                // Also while the backend does not answer: what is in view can be told.
                Poll::Ready(Err(_)) => self.reset("too-old"),
                Poll::Pending => return Step::Waiting,
            },
            Phase::Past(past) => match past.poll_next(cx) {
                Poll::Ready(Ok(Some((index, events)))) => {
                    self.told.index = index;
                    return Told::new(self.told, events).frame(&self.wanted).map_or(Step::On, Step::Frame);
                }
                Poll::Ready(Ok(None)) => {
                    self.told.index = past.upto();
                    match self.subscribed_after(self.told.index) {
                        Ok(Some(subscription)) => self.phase = Phase::Live(subscription),
                        Ok(None) => self.reset("lagged"),
                        Err(_) => return Step::End,
                    }
                }
                Poll::Ready(Err(_)) => self.reset("too-old"),
                Poll::Pending => return Step::Waiting,
            },
            Phase::Snapshot { .. } => return self.snapshot(cx),
            Phase::Live(_) => return self.live(cx),
            Phase::Ended => return Step::End,
        }
        Step::On
    }

    fn snapshot(&mut self, cx: &mut Context<'_>) -> Step {
        let Phase::Snapshot { subscription, chunk } = &mut self.phase else { return Step::On };
        if let Some((events, at)) = chunk {
            let mut text = String::new();
            while let Some(event) = events.get(*at).filter(|_| text.len() < STRETCH) {
                *at += 1;
                if let Some(entry) = event.new.as_ref().filter(|entry| self.wanted.takes(entry)) {
                    frame::snapshot(entry, &mut text);
                }
            }
            if *at == events.len() {
                *chunk = None;
            }
            return if text.is_empty() { Step::On } else { Step::Frame(text.into()) };
        }
        match subscription.poll_next(cx) {
            Poll::Ready(Ok(Message::Changes { events, .. })) => {
                *chunk = Some((events, 0));
                Step::On
            }
            Poll::Ready(Ok(Message::EndOfSnapshot(index))) => {
                self.told.index = Index::new(index);
                if let Phase::Snapshot { subscription, .. } = std::mem::replace(&mut self.phase, Phase::Ended)
                {
                    self.phase = Phase::Live(subscription);
                }
                Step::Frame(frame::progress("end-of-snapshot", self.told))
            }
            Poll::Ready(Ok(Message::NewSnapshotToFollow)) => Step::On,
            Poll::Ready(Err(closed)) => self.closed(closed),
            Poll::Pending => Step::Waiting,
        }
    }

    fn live(&mut self, cx: &mut Context<'_>) -> Step {
        let Phase::Live(subscription) = &mut self.phase else { return Step::On };
        match subscription.poll_next(cx) {
            Poll::Ready(Ok(Message::Changes { index, events })) => {
                self.told.index = Index::new(index);
                let streams = &self.shared.state.streams;
                let told = streams.shelf.commit(&self.wanted.request(), self.told, events);
                told.frame(&self.wanted).map_or(Step::On, Step::Frame)
            }
            Poll::Ready(Ok(Message::EndOfSnapshot(_) | Message::NewSnapshotToFollow)) => Step::On,
            Poll::Ready(Err(closed)) => {
                // What it passed over concerns nobody here.
                self.told.index = self.told.index.max(Index::new(subscription.index()));
                self.closed(closed)
            }
            Poll::Pending => Step::Waiting,
        }
    }

    fn closed(&mut self, closed: Closed) -> Step {
        match (closed, &self.phase) {
            (Closed::Lagged, Phase::Live(_)) => self.resume(),
            (Closed::Lagged, _) => self.reset("lagged"),
            (Closed::TopicRefreshed, _) => {
                self.shared.state.streams.shelf.clear();
                self.reset("store-replaced");
            }
            (Closed::TokenClosed | Closed::ShuttingDown, _) => return Step::End,
        }
        Step::On
    }

    /// Up to where everything is told, if there turns out to be nothing to tell. To be asked before looking.
    fn reached(&self) -> Position {
        let index = match &self.phase {
            Phase::Live(_) => Index::new(self.shared.store.publisher().index()),
            Phase::Past(past) => past.told(),
            _ => self.told.index,
        };
        Position { index, ..self.told }
    }

    /// Whether it is time for a sign of life; if not, when it will be.
    fn is_quiet(&mut self, cx: &mut Context<'_>) -> bool {
        while Pin::new(&mut self.progress).poll(cx).is_ready() {
            let due = self.at + self.shared.limits.progress;
            if due <= self.shared.store.seams().now() {
                return true;
            }
            // One alarm for as long as something is told, not one for each.
            self.progress.reset(due);
        }
        false
    }

    fn tell(&mut self, bytes: Bytes) -> Poll<Option<Result<Bytes, std::convert::Infallible>>> {
        self.at = self.shared.store.seams().now();
        Poll::Ready(Some(Ok(bytes)))
    }
}

/// The past after a position, once the view has had the time to reach it.
async fn ask(store: Store, kind: trimtab_store::KindName, from: Position) -> Result<Past, PastError> {
    if store.position().is_some_and(|at| at.store == from.store && at.index < from.index) {
        let (mut reached, mut patience) = (std::pin::pin!(store.at_least(from)), store.seams().sleep(AHEAD));
        std::future::poll_fn(|cx| {
            let late = Pin::new(&mut patience).poll(cx).is_ready();
            if reached.as_mut().poll(cx).is_ready() || late { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
    store.past(kind, from).await
}

impl Stream for Watch {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let watch = self.get_mut();
        if watch.stopping.as_mut().poll(cx).is_ready() {
            watch.phase = Phase::Ended;
            return Poll::Ready(None);
        }
        let quiet = watch.is_quiet(cx);
        loop {
            if let Some(bytes) = watch.next.pop() {
                return watch.tell(bytes);
            }
            let reached = watch.reached();
            match watch.step(cx) {
                Step::Frame(bytes) => return watch.tell(bytes),
                Step::On => {}
                Step::Waiting if quiet => {
                    watch.told = reached;
                    let alarm = watch.shared.store.seams().now() + watch.shared.limits.progress;
                    watch.progress.reset(alarm);
                    // In the middle of a snapshot there is nothing to go on from: a comment is a sign of life too.
                    let sign = match watch.phase {
                        Phase::Snapshot { .. } => Bytes::from_static(b":\n\n"),
                        _ => frame::progress("progress", reached),
                    };
                    return watch.tell(sign);
                }
                Step::Waiting => return Poll::Pending,
                Step::End => {
                    watch.phase = Phase::Ended;
                    return Poll::Ready(None);
                }
            }
        }
    }
}
