//! A subscription: first its snapshot, if it begins with one, then every batch after it.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use crate::channel::{Channel, Read, Reader};
use crate::shared::{OpenSnapshot, Shared};
use crate::snapshot::{Drawn, shared};
use crate::{Closed, Interest, Message, Payload, SubscribeError, SubscribeRequest, Topic};

/// Batches and chunks looked at before a subscriber that is never out of work gives way to other tasks.
const BUDGET: u32 = 128;

/// Follows a topic. Made by [`EventPublisher::subscribe`](crate::EventPublisher::subscribe).
///
/// It is a place in the publisher's history, not a buffer of its own: unread events are not held for it (behaviour S7), and dropping it frees
/// all there is (behaviour S10). Its snapshot, until it is read to its end, pins what the topic's handler pinned.
///
/// Whoever falls behind is told, and begins anew:
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use trimtab_seams::Seams;
/// # use trimtab_stream::{Event, EventPublisher, History, TopicSpec};
/// use trimtab_stream::{Closed, Message, SubscribeRequest};
/// # let orders = TopicSpec::new("orders", |_| (3, [Event::new("orders", "a", "sent")]));
/// # let publisher = EventPublisher::new(&Seams::tokio(), [orders]).with_history(History { batches: 1, ..History::default() });
/// # publisher.publish(1, [Event::new("orders", "a", "open")])?;
/// # let mut subscription = publisher.subscribe(SubscribeRequest::all("orders").resume_at(1))?;
/// # for index in 2..4 { publisher.publish(index, [Event::new("orders", "a", "paid")])?; }
///
/// if let Err(Closed::Lagged) = subscription.next().await {
///     let request = SubscribeRequest::all("orders").resume_at(subscription.index());
///     subscription = publisher.subscribe(request)?;
/// }
/// assert_eq!(subscription.next().await?, Message::NewSnapshotToFollow);
/// # Ok(()) }
/// ```
///
/// The stream of it ([`Stream`]) gives the same messages, then the reason of the end once, then nothing.
#[must_use = "a subscription does nothing until `next` is awaited"]
#[doc(alias = "stream.Subscription")]
pub struct Subscription<P: Payload> {
    state: State<P>,
    index: u64,
    told: bool,
}

enum State<P: Payload> {
    Open(Open<P>),
    Closed(Closed),
}

struct Open<P: Payload> {
    publisher: Arc<Shared<P>>,
    channel: Arc<Channel<P>>,
    reader: Reader,
    request: SubscribeRequest,
    /// A new snapshot is to be announced.
    stale: bool,
    snapshot: Option<OpenSnapshot<P>>,
    chunk: Vec<P>,
    budget: u32,
}

enum Step<P> {
    Message(Message<P>),
    /// Something was passed over; go on.
    Passed,
    /// Nothing yet; the waker is armed.
    Waiting,
}

impl<P: Payload> Subscription<P> {
    pub(crate) fn open(
        publisher: &Arc<Shared<P>>,
        request: SubscribeRequest,
    ) -> Result<Self, SubscribeError> {
        let opening = publisher.open(&request)?;
        let mut index = request.index();
        let mut open = Open {
            publisher: Arc::clone(publisher),
            channel: opening.channel,
            reader: opening.reader,
            request,
            stale: index > 0 && !opening.resumed,
            snapshot: None,
            chunk: Vec::new(),
            budget: BUDGET,
        };
        if *open.request.interest() == Interest::All && !open.channel.wildcard {
            return Err(SubscribeError::NoWildcard(open.request.topic().clone()));
        }
        if !opening.resumed {
            open.snapshot = Some(publisher.take_snapshot(&open.channel, &mut open.reader, &open.request));
            index = 0;
        }
        Ok(Self { state: State::Open(open), index, told: false })
    }

    /// The next message; waits for it. A close comes before whatever else waits, and once closed the same reason is given for ever
    /// (behaviour S8).
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is taken before the future is ready.
    ///
    /// # Errors
    /// [`Closed`]: why there are no more messages.
    ///
    /// # Panics
    /// As [`Seams::spawn`](trimtab_seams::Seams::spawn), for the fifth that waits on a topic.
    #[doc(alias = "Next")]
    pub async fn next(&mut self) -> Result<Message<P>, Closed> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// As [`Subscription::next`], for those who poll by hand. The waker of the latest call is woken. Every 128 batches it is pending once with the
    /// waker woken, so that a subscriber that is never out of work lets others work.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message<P>, Closed>> {
        loop {
            if let State::Open(open) = &mut self.state {
                if open.budget == 0 {
                    open.budget = BUDGET;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                open.budget -= 1;
            }
            match self.step(Some(cx.waker()))? {
                Step::Message(message) => return Poll::Ready(Ok(message)),
                Step::Passed => {}
                Step::Waiting => return Poll::Pending,
            }
        }
    }

    /// The next message if there is one; does not wait, and asks for no wake-up.
    ///
    /// # Errors
    /// As [`Subscription::next`].
    pub fn try_next(&mut self) -> Result<Option<Message<P>>, Closed> {
        loop {
            match self.step(None)? {
                Step::Message(message) => return Ok(Some(message)),
                Step::Passed => {}
                Step::Waiting => return Ok(None),
            }
        }
    }

    fn step(&mut self, waker: Option<&Waker>) -> Result<Step<P>, Closed> {
        let open = match &mut self.state {
            State::Open(open) => open,
            State::Closed(closed) => return Err(*closed),
        };
        let step = open.step(waker, &mut self.index);
        if let Err(closed) = step {
            // Frees the snapshot, the seat and the hold on the token now, not when the subscription is dropped.
            self.state = State::Closed(closed);
        }
        step
    }
}

impl<P: Payload> Subscription<P> {
    /// The index to resume at: everything up to it was given, or was of no interest. 0 until the end of its snapshot: whoever subscribes again with 0
    /// must forget what came so far, for a subscription from the beginning does not announce its snapshot.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Why it ended, once `next` has told so.
    pub fn closed(&self) -> Option<Closed> {
        match self.state {
            State::Open(_) => None,
            State::Closed(closed) => Some(closed),
        }
    }

    fn topic(&self) -> Option<&Topic> {
        match &self.state {
            State::Open(open) => Some(&open.channel.topic),
            State::Closed(_) => None,
        }
    }
}

impl<P: Payload> Open<P> {
    fn step(&mut self, waker: Option<&Waker>, index: &mut u64) -> Result<Step<P>, Closed> {
        if self.stale || self.snapshot.is_some() {
            self.channel.check(&self.reader, &self.publisher.shut)?;
            return self.snapshot_step(index);
        }
        match self.channel.read(&mut self.reader, &self.publisher.shut, waker)? {
            Read::Batch { index: at, events, mixed } => {
                *index = at;
                Ok(match self.select(events, mixed) {
                    Some(events) => Step::Message(Message::Changes { index: at, events }),
                    None => Step::Passed,
                })
            }
            Read::Seen => Ok(Step::Passed),
            Read::Waiting { crowd } => {
                if crowd && waker.is_some() {
                    self.publisher.bell.start(&self.publisher.seams);
                }
                self.budget = BUDGET;
                Ok(Step::Waiting)
            }
        }
    }

    fn snapshot_step(&mut self, index: &mut u64) -> Result<Step<P>, Closed> {
        if std::mem::take(&mut self.stale) {
            return Ok(Step::Message(Message::NewSnapshotToFollow));
        }
        let Some(snapshot) = &mut self.snapshot else { return Ok(Step::Passed) };
        let at = snapshot.index;
        if snapshot.drawn {
            self.end_snapshot();
            *index = at;
            return Ok(Step::Message(Message::EndOfSnapshot(at)));
        }
        let interest = self.request.interest();
        let seams = &self.publisher.seams;
        match snapshot.events.draw(|event| wants(interest, event), &mut self.chunk, || seams.now()) {
            Drawn::Some => {}
            Drawn::Last => snapshot.drawn = true,
            Drawn::Expired => return Err(Closed::Lagged),
        }
        if self.chunk.is_empty() {
            return Ok(Step::Passed);
        }
        let events = shared(&mut self.chunk);
        Ok(Step::Message(Message::Changes { index: at, events }))
    }

    /// The part of a batch that was asked for: the batch itself, if that is all of it.
    fn select(&self, events: Arc<[P]>, mixed: bool) -> Option<Arc<[P]>> {
        if !mixed && *self.request.interest() == Interest::All {
            return Some(events);
        }
        let topic = self.channel.topic.as_str();
        let wanted =
            |event: &&P| (!mixed || event.topic() == topic) && wants(self.request.interest(), *event);
        match events.iter().filter(wanted).count() {
            0 => None,
            all if all == events.len() => Some(events),
            _ => Some(events.iter().filter(wanted).cloned().collect()),
        }
    }
}

impl<P: Payload> Open<P> {
    fn end_snapshot(&mut self) {
        if let Some(snapshot) = self.snapshot.take() {
            self.publisher.watch.remove(snapshot.watched);
        }
        self.chunk = Vec::new();
    }
}

fn wants<P: Payload>(interest: &Interest, event: &P) -> bool {
    match interest {
        Interest::All => true,
        Interest::One(subject) => event.is_about(subject),
    }
}

impl<P: Payload> Drop for Open<P> {
    fn drop(&mut self) {
        self.end_snapshot();
        self.publisher.leave(&self.channel, &self.reader);
    }
}

impl<P: Payload> Stream for Subscription<P> {
    type Item = Result<Message<P>, Closed>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let subscription = self.get_mut();
        if subscription.told {
            return Poll::Ready(None);
        }
        let message = std::task::ready!(subscription.poll_next(cx));
        subscription.told = message.is_err();
        Poll::Ready(Some(message))
    }
}

impl<P: Payload> Unpin for Subscription<P> {}

impl<P: Payload> fmt::Debug for Subscription<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("topic", &self.topic())
            .field("index", &self.index)
            .field("closed", &self.closed())
            .finish_non_exhaustive()
    }
}
