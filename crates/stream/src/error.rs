//! Why a call to the publisher was refused.

use std::fmt;

use crate::Topic;

/// A topic that the publisher does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTopic {
    topic: Topic,
    known: Vec<Topic>,
}

impl UnknownTopic {
    pub(crate) fn new(topic: Topic, mut known: Vec<Topic>) -> Self {
        known.sort();
        Self { topic, known }
    }

    /// The topic that was asked for.
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// The topics there are, in order.
    pub fn known(&self) -> &[Topic] {
        &self.known
    }
}

impl fmt::Display for UnknownTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        write!(f, "find topic `{}`: the publisher has ", self.topic)?;
        if self.known.is_empty() {
            return f.write_str("none");
        }
        for (nth, topic) in self.known.iter().take(SHOWN).enumerate() {
            write!(f, "{}`{topic}`", if nth == 0 { "" } else { ", " })?;
        }
        match self.known.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl std::error::Error for UnknownTopic {}

/// Why [`EventPublisher::publish`](crate::EventPublisher::publish) published nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// An event of the batch belongs to a topic that the publisher does not have.
    #[error(transparent)]
    UnknownTopic(#[from] UnknownTopic),
    /// The index is not above the last one published. Each index is published once, whole, in order.
    #[error(
        "publish at index {index}: index {last} is already published; publish each commit once, in order"
    )]
    IndexNotAbove {
        /// The index that was given.
        index: u64,
        /// The last index published.
        last: u64,
    },
    /// The publisher has shut down.
    #[error("publish: the publisher has shut down")]
    ShuttingDown,
}

/// Why [`EventPublisher::subscribe`](crate::EventPublisher::subscribe) gave no subscription.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// The publisher does not have the topic.
    #[error(transparent)]
    UnknownTopic(#[from] UnknownTopic),
    /// The topic takes no subscription to all its subjects.
    #[error("subscribe to all of topic `{0}`: it has no wildcard; name one subject")]
    NoWildcard(Topic),
    /// The publisher has shut down.
    #[error("subscribe: the publisher has shut down")]
    ShuttingDown,
}
