//! The table of topics: declared ones, and in an open set those that are made when somebody first publishes or subscribes to them.
//!
//! In an open set a stranger may ask for any name. So a topic to which nothing ever happened goes when its last subscription goes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashMap;
use parking_lot::RwLock;
use trimtab_seams::HashState;

use crate::channel::Channel;
use crate::{Payload, Topic, TopicSpec, UnknownTopic};

type OnDemand<P> = Box<dyn Fn(&Topic) -> Option<TopicSpec<P>> + Send + Sync>;

pub(crate) struct Topics<P> {
    channels: RwLock<HashMap<Topic, Arc<Channel<P>>, HashState>>,
    on_demand: Option<OnDemand<P>>,
}

/// The channels that a batch goes to: one, and seldom more.
pub(crate) struct Touched<P> {
    pub(crate) first: Option<Arc<Channel<P>>>,
    pub(crate) others: Vec<Arc<Channel<P>>>,
}

impl<P> Touched<P> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Channel<P>>> {
        self.first.iter().chain(&self.others)
    }
}

impl<P> Topics<P> {
    pub(crate) fn declared(specs: impl IntoIterator<Item = TopicSpec<P>>) -> Self {
        let channels = specs.into_iter().map(|spec| {
            let topic = spec.topic.clone();
            (topic.clone(), Arc::new(Channel::new(topic, spec)))
        });
        Self { channels: RwLock::new(channels.collect()), on_demand: None }
    }

    pub(crate) fn on_demand(spec: impl Fn(&Topic) -> Option<TopicSpec<P>> + Send + Sync + 'static) -> Self {
        Self { channels: RwLock::default(), on_demand: Some(Box::new(spec)) }
    }

    pub(crate) fn find(&self, topic: &str) -> Result<Arc<Channel<P>>, UnknownTopic> {
        self.find_then(topic, |_| ())
    }

    /// As `find`, counting one more subscriber.
    pub(crate) fn join(&self, topic: &str) -> Result<Arc<Channel<P>>, UnknownTopic> {
        self.find_then(topic, |channel| {
            channel.subscribers.fetch_add(1, Ordering::AcqRel);
        })
    }

    /// `then` runs while the table is locked, so that the channel cannot be retired before.
    fn find_then(&self, topic: &str, then: impl Fn(&Channel<P>)) -> Result<Arc<Channel<P>>, UnknownTopic> {
        let find = |channels: &HashMap<Topic, Arc<Channel<P>>, HashState>| {
            let channel = channels.get(topic)?;
            then(channel);
            Some(Arc::clone(channel))
        };
        if let Some(channel) = find(&self.channels.read()) {
            return Ok(channel);
        }
        let name = Topic::from(topic);
        let Some(spec) = self.on_demand.as_ref().and_then(|make| make(&name)) else {
            return Err(UnknownTopic::new(name, self.channels.read().keys().cloned().collect()));
        };
        let made = Arc::new(Channel::new(name.clone(), spec));
        let mut channels = self.channels.write();
        // Somebody else may have made it meanwhile; then theirs stands.
        let channel = Arc::clone(channels.entry(name).or_insert(made));
        then(&channel);
        Ok(channel)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Channel<P>>> {
        self.channels.read().values().cloned().collect()
    }

    /// Counts one subscriber less. The answer asks for [`Topics::retire`].
    pub(crate) fn part(&self, channel: &Channel<P>) -> bool {
        let last = channel.subscribers.fetch_sub(1, Ordering::AcqRel) == 1;
        last && self.on_demand.is_some() && channel.is_pristine()
    }

    /// Takes a topic out, if nothing ever happened to it and nobody subscribes. With the writer's lock held.
    pub(crate) fn retire(&self, channel: &Channel<P>) {
        let mut channels = self.channels.write();
        if channel.subscribers.load(Ordering::Acquire) == 0
            && channel.is_pristine()
            && !channel.retired.swap(true, Ordering::AcqRel)
        {
            channels.remove(&channel.topic);
        }
    }
}

impl<P: Payload> Topics<P> {
    pub(crate) fn touched(&self, events: &[P]) -> Result<Touched<P>, UnknownTopic> {
        let mut touched = Touched { first: None, others: Vec::new() };
        let mut previous = None;
        for event in events {
            let topic = event.topic();
            if previous == Some(topic) || touched.iter().any(|channel| channel.topic.as_str() == topic) {
                previous = Some(topic);
                continue;
            }
            previous = Some(topic);
            let channel = self.find(topic)?;
            match touched.first {
                None => touched.first = Some(channel),
                Some(_) => touched.others.push(channel),
            }
        }
        Ok(touched)
    }
}
