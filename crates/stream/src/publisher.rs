//! The publisher: the writer's end.

use std::fmt;
use std::sync::Arc;

use trimtab_seams::Seams;

use crate::shared::Shared;
use crate::{
    History, Payload, PublishError, SubscribeError, SubscribeRequest, Subscription, Token, Topic, TopicSpec,
    UnknownTopic,
};

/// Publishes commits to topics and opens subscriptions. A handle: cheap to clone. When the last one is dropped the publisher shuts down.
///
/// Publishing never waits for a subscriber and costs the same however many there are (behaviours S7, S12): the commit is pushed once into a shared,
/// bounded [`History`]; up to four waiting subscribers are woken directly, more are left to a task of the publisher.
///
/// It takes the seams when it is made, as queues and stores do, because it starts that task (when the fifth subscriber waits) and tells by the
/// clock when a subscriber has abandoned its snapshot. No task outlives the last handle.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use trimtab_seams::Seams;
/// use trimtab_stream::{Closed, Event, EventPublisher, Message, SubscribeRequest, TopicSpec};
///
/// // An open set of topics: whatever is asked for.
/// let publisher = EventPublisher::on_demand(&Seams::tokio(), |topic| Some(TopicSpec::new(topic, |_| (0, []))));
/// publisher.publish(1, [Event::new("orders", "a", "paid")])?;
/// publisher.publish(2, [Event::new("orders", "a", "sent")])?;
///
/// let mut after_one = publisher.subscribe(SubscribeRequest::one("orders", "a").resume_at(1))?;
/// let Message::Changes { index: 2, .. } = after_one.next().await? else { panic!("it goes on after 1") };
/// drop(publisher);
/// assert_eq!(after_one.next().await, Err(Closed::ShuttingDown));
/// # Ok(()) }
/// ```
#[doc(alias = "stream.EventPublisher")]
#[doc(alias = "state.EventPublisher")]
pub struct EventPublisher<P: Payload>(Arc<Owner<P>>);

/// Dropped with the last handle; subscriptions and tasks do not hold it.
struct Owner<P: Payload>(Arc<Shared<P>>);

impl<P: Payload> EventPublisher<P> {
    /// A publisher with these topics and no others.
    #[doc(alias = "NewEventPublisher")]
    #[doc(alias = "RegisterHandler")]
    pub fn new(seams: &Seams, topics: impl IntoIterator<Item = TopicSpec<P>>) -> Self {
        Self::over(Shared::new(seams, topics, None))
    }

    /// A publisher whose topics are made when somebody first publishes or subscribes to them; `None`: there is no such topic. The function may be
    /// called again for a topic that nothing was ever published to.
    pub fn on_demand(
        seams: &Seams,
        topics: impl Fn(&Topic) -> Option<TopicSpec<P>> + Send + Sync + 'static,
    ) -> Self {
        Self::over(Shared::new(seams, [], Some(Box::new(topics))))
    }

    fn over(shared: Shared<P>) -> Self {
        Self(Arc::new(Owner(Arc::new(shared))))
    }

    /// Sets how much of the past is kept. To be set before the first publish.
    #[must_use]
    pub fn with_history(self, history: History) -> Self {
        self.shared().set_history(history);
        self
    }

    /// Tells the index at which the state stands before the first publish, so that whoever saw the state there can resume. To be set before the first
    /// publish. Default: not known; then only what was published here can be resumed at.
    #[must_use]
    pub fn starting_at(self, index: u64) -> Self {
        self.shared().start_at(index);
        self
    }

    /// Nobody may resume below `index` from now on: what is published next is the difference to a state that was read anew, and does not tell what came
    /// and went in between. Open subscriptions go on; who asks for less begins with a snapshot.
    pub fn resumable_from(&self, index: u64) {
        self.shared().resumable_from(index);
    }

    /// Publishes all changes of one commit: each subscription gets those it asked for as one message (behaviour S5). The index must rise from
    /// commit to commit; no events at all just raises it. Either all of it is published or nothing.
    ///
    /// An array, a vector or an `Arc` of a slice will do; the `Arc` is handed to subscribers as it is.
    ///
    /// A topic's snapshots should show the commit before it is published here; events come to no harm if not, but then a subscriber may get an older snapshot
    /// and the commit after it.
    ///
    /// # Errors
    /// [`PublishError`]; then nothing was published.
    #[doc(alias = "Publish")]
    pub fn publish(&self, index: u64, events: impl Into<Arc<[P]>>) -> Result<(), PublishError> {
        self.shared().publish(index, events.into())
    }

    /// Opens a subscription. Its snapshot, if it begins with one, is taken here.
    ///
    /// # Errors
    /// [`SubscribeError`].
    ///
    /// # Panics
    /// As [`Seams::spawn`], when the subscription begins with a snapshot.
    #[doc(alias = "Subscribe")]
    pub fn subscribe(&self, request: SubscribeRequest) -> Result<Subscription<P>, SubscribeError> {
        Subscription::open(self.shared(), request)
    }

    /// Closes all subscriptions of a topic and forgets its history: its state was replaced as a whole. To be called when snapshots show the new state
    /// already. Subscribing again begins with a snapshot whatever index is asked for (behaviour S8).
    ///
    /// # Errors
    /// [`UnknownTopic`].
    #[doc(alias = "RefreshTopic")]
    pub fn refresh(&self, topic: &Topic) -> Result<(), UnknownTopic> {
        self.shared().refresh(topic.as_str())
    }

    /// Refreshes every topic, and lets the index go on from `index`, which may be lower than before: the state is another one now, as after a restore
    /// or a change of the store.
    pub fn reset(&self, index: u64) {
        self.shared().reset(index);
    }

    /// Closes all subscriptions that were opened with this token. Later ones are not concerned.
    #[doc(alias = "CloseSubscriptionsForTokens")]
    pub fn close_token(&self, token: &Token) {
        self.shared().close_token(token);
    }

    /// Closes all subscriptions, forgets the history and ends the publisher's tasks (behaviour S9). Publishing and subscribing are errors from now on. Doing it
    /// twice does no harm.
    pub fn shutdown(&self) {
        self.shared().shut_down();
    }

    /// The last index published; 0 before the first.
    pub fn index(&self) -> u64 {
        self.shared().last()
    }

    /// The last index at which something was published to this topic; 0 before the first. A subscriber of the topic whose
    /// [`index`](crate::Subscription::index) is not below it has been given everything.
    pub fn index_of(&self, topic: &Topic) -> u64 {
        self.shared().last_of(topic)
    }

    fn shared(&self) -> &Arc<Shared<P>> {
        &self.0.0
    }
}

impl<P: Payload> Drop for Owner<P> {
    fn drop(&mut self) {
        self.0.shut_down();
    }
}

impl<P: Payload> Clone for EventPublisher<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Payload> fmt::Debug for EventPublisher<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventPublisher").field("index", &self.index()).finish_non_exhaustive()
    }
}
