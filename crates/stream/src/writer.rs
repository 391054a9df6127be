//! What publishing changes: the table of topics, the history over all of them, and the index. One lock for the three, taken once a commit.
//!
//! Topics are declared, or in an open set made when somebody first publishes or subscribes to them. In an open set a stranger may ask for any name, so
//! a topic to which nothing ever happened goes when its last subscription goes.

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;
use trimtab_seams::HashState;

use crate::channel::{Channel, Wakes};
use crate::history::Kept;
use crate::ring::{Batch, overhead};
use crate::{Payload, Topic, TopicSpec};

pub(crate) struct Writer<P> {
    channels: HashMap<Topic, Arc<Channel<P>>, HashState>,
    pub(crate) kept: Kept<P>,
    /// The last index published; 0 before the first.
    last: u64,
    /// The least index that may be resumed at; none before the first publish, for what was before is not known here.
    start: Option<u64>,
}

/// The topics of a batch: one, and seldom more.
pub(crate) struct TopicsOf<'a> {
    first: Option<&'a str>,
    others: Vec<&'a str>,
}

/// Their channels.
pub(crate) struct ChannelsOf<P> {
    pub(crate) first: Option<Arc<Channel<P>>>,
    pub(crate) others: Vec<Arc<Channel<P>>>,
}

impl<'a> TopicsOf<'a> {
    pub(crate) fn new<P: Payload>(events: &'a [P]) -> Self {
        let mut topics = Self { first: events.first().map(Payload::topic), others: Vec::new() };
        let mut previous = topics.first;
        for event in events.iter().skip(1) {
            let topic = event.topic();
            if previous != Some(topic) && topics.first != Some(topic) && !topics.others.contains(&topic) {
                topics.others.push(topic);
            }
            previous = Some(topic);
        }
        topics
    }
}

impl<P: Send + Sync + 'static> Writer<P> {
    pub(crate) fn new(topics: impl IntoIterator<Item = TopicSpec<P>>) -> Self {
        let mut writer = Self { channels: HashMap::default(), kept: Kept::new(), last: 0, start: None };
        for spec in topics {
            writer.channels.insert(spec.topic.clone(), Arc::new(Channel::new(spec.topic.clone(), spec)));
        }
        writer
    }

    pub(crate) fn find(&self, topic: &str) -> Option<Arc<Channel<P>>> {
        self.channels.get(topic).cloned()
    }

    /// The channels of a batch, or a topic that is missing.
    pub(crate) fn find_all<'a>(&self, topics: &TopicsOf<'a>) -> Result<ChannelsOf<P>, &'a str> {
        let find = |topic: &&'a str| self.find(topic).ok_or(*topic);
        let first = topics.first.as_ref().map(find).transpose()?;
        Ok(ChannelsOf { first, others: topics.others.iter().map(find).collect::<Result<_, _>>()? })
    }

    /// Adds a topic, unless somebody else did meanwhile; then theirs stands.
    pub(crate) fn add(&mut self, topic: Topic, spec: TopicSpec<P>) {
        self.channels.entry(topic).or_insert_with_key(|topic| Arc::new(Channel::new(topic.clone(), spec)));
    }

    /// Takes a topic out, if it is as if it had just been made, and has not been made anew meanwhile.
    pub(crate) fn retire(&mut self, channel: &Arc<Channel<P>>) {
        let current = self.channels.get(&channel.topic);
        if current.is_some_and(|current| Arc::ptr_eq(current, channel)) && channel.is_unused() {
            self.channels.remove(&channel.topic);
        }
    }

    pub(crate) fn topics(&self) -> Vec<Topic> {
        self.channels.keys().cloned().collect()
    }

    pub(crate) fn channels(&self) -> impl Iterator<Item = &Arc<Channel<P>>> {
        self.channels.values()
    }

    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    pub(crate) fn start_at(&mut self, index: u64) {
        self.last = index;
        self.start = Some(index);
    }

    pub(crate) fn resumable_from(&mut self, index: u64) {
        self.start = Some(self.start.map_or(index, |start| start.max(index)));
    }

    /// Whether what came after the index is known here at all.
    pub(crate) fn may_resume_at(&self, index: u64) -> bool {
        self.start.is_some_and(|start| start <= index) && index <= self.last
    }

    /// Takes note that this index, which is above the last, is published now.
    pub(crate) fn advance(&mut self, index: u64) {
        self.start.get_or_insert(index - 1);
        self.last = index;
    }

    pub(crate) fn push(&mut self, channel: Arc<Channel<P>>, batch: Batch<P>) -> Wakes {
        let bytes = batch.bytes + overhead::<P>();
        let wakes = channel.push(Batch { bytes, ..batch });
        self.kept.note(channel, bytes);
        wakes
    }

    /// Lets a topic's history go and closes its subscriptions. What is returned is to be dropped, and woken, outside of the lock.
    pub(crate) fn refresh(&mut self, channel: &Arc<Channel<P>>) -> (VecDeque<Batch<P>>, Wakes) {
        let (batches, wakes) = channel.refresh(self.last);
        self.kept.forget(channel, batches.iter().map(|batch| batch.bytes).sum());
        (batches, wakes)
    }

    /// As `refresh` for all topics, with indexes that begin anew.
    pub(crate) fn reset(&mut self, index: u64) -> Vec<(VecDeque<Batch<P>>, Wakes)> {
        self.last = index;
        // Who brings this very index may have it from before the reset.
        self.start = Some(index.saturating_add(1));
        self.kept.forget_all();
        self.channels.values().map(Channel::restart).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> TopicSpec<u32> {
        TopicSpec::new("orders", |_| (0, []))
    }

    /// behaviour S10: two subscriptions that leave at one moment may both find the topic unused; when the second comes to take it out it may be a new
    /// one of the same name, with a history.
    #[test]
    fn a_topic_is_taken_out_only_if_unused_and_not_in_the_place_of_its_successor() {
        let mut writer = Writer::new([]);
        writer.add("orders".into(), spec());
        let old = writer.find("orders").unwrap();
        let reader = old.sit(None);
        writer.retire(&old);
        assert!(writer.find("orders").is_some(), "somebody subscribes");
        assert!(old.leave(&reader));
        writer.retire(&old);
        assert!(writer.find("orders").is_none());
        writer.add("orders".into(), spec());
        writer.retire(&old);
        assert!(writer.find("orders").is_some());
    }

    /// behaviour S1
    #[test]
    fn the_topics_of_a_batch_are_each_found_once_whatever_their_order() {
        let event = |topic: &str| crate::Event::new(topic, "a", ());
        let topics = |names: &str| {
            let events: Vec<_> = names.split_terminator(' ').map(event).collect();
            let topics = TopicsOf::new(&events);
            topics.first.into_iter().chain(topics.others).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(topics(""), [""; 0]);
        assert_eq!(topics("a a a"), ["a"]);
        assert_eq!(topics("a b a b c a"), ["a", "b", "c"]);
    }
}
