//! A topic as it is declared: its name, where its snapshots come from, and whether it has a wildcard.

use std::fmt;
use std::sync::Arc;

use crate::{SubscribeRequest, Topic};

/// The events of a snapshot, made one by one as the subscriber takes them.
pub(crate) type SnapshotEvents<P> = Box<dyn Iterator<Item = P> + Send>;
pub(crate) type SnapshotHandler<P> = Arc<dyn Fn(&SubscribeRequest) -> (u64, SnapshotEvents<P>) + Send + Sync>;

/// Declares a topic. Two specs of one topic: the later one stands.
#[must_use = "a topic exists once it is given to a publisher"]
pub struct TopicSpec<P> {
    pub(crate) topic: Topic,
    pub(crate) snapshot: SnapshotHandler<P>,
    pub(crate) wildcard: bool,
}

impl<P> TopicSpec<P> {
    /// A topic with a wildcard, and the function that gives its snapshots: the index the snapshot was taken at, and its events.
    ///
    /// The function is called in `subscribe`, with no lock held, and should take no longer than it takes to pin a commit. The iterator is
    /// drawn from as the subscriber reads, so it should hold on to a pinned commit and make events lazily (behaviour S6); it is dropped when it has
    /// ended, with the subscription, and 30 s after the last draw. Events the request is not interested in may be left out; they are
    /// left out for it in any case.
    ///
    /// A function that returns such an iterator as `impl Iterator` must say `+ use<>`, or it is taken to borrow from its arguments.
    ///
    /// The snapshot must hold all that was published up to its index and nothing later. It may be ahead of what was published.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use trimtab_stream::{Event, TopicSpec};
    ///
    /// let pinned: Arc<[u32]> = Arc::from([1, 2, 3]);
    /// let spec = TopicSpec::new("numbers", move |_request| {
    ///     let pinned = Arc::clone(&pinned);
    ///     (7, (0..pinned.len()).map(move |at| Event::new("numbers", at.to_string(), pinned[at])))
    /// });
    /// # let _ = spec;
    /// ```
    pub fn new<E>(
        topic: impl Into<Topic>,
        snapshot: impl Fn(&SubscribeRequest) -> (u64, E) + Send + Sync + 'static,
    ) -> Self
    where
        E: IntoIterator<Item = P, IntoIter: Send + 'static>,
    {
        let snapshot = move |request: &SubscribeRequest| {
            let (index, events) = snapshot(request);
            (index, Box::new(events.into_iter()) as SnapshotEvents<P>)
        };
        Self { topic: topic.into(), snapshot: Arc::new(snapshot), wildcard: true }
    }

    /// Refuses subscriptions to all subjects (behaviour S1).
    pub fn without_wildcard(self) -> Self {
        Self { wildcard: false, ..self }
    }
}

impl<P> fmt::Debug for TopicSpec<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicSpec")
            .field("topic", &self.topic)
            .field("wildcard", &self.wildcard)
            .finish_non_exhaustive()
    }
}
