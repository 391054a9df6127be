//! What a subscriber asks for.

use crate::{Interest, Subject, Token, Topic};

/// Asks for a topic, all of it or one subject, from the beginning or from an index.
///
/// ```
/// use trimtab_stream::SubscribeRequest;
///
/// let all = SubscribeRequest::all("orders");
/// let rest_of_one = SubscribeRequest::one("orders", "a").resume_at(17);
/// assert_eq!((all.index(), rest_of_one.index()), (0, 17));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(alias = "stream.SubscribeRequest")]
#[must_use = "a request does nothing until it is given to `subscribe`"]
pub struct SubscribeRequest {
    topic: Topic,
    interest: Interest,
    index: u64,
    token: Option<Token>,
}

impl SubscribeRequest {
    /// Everything of a topic.
    pub fn all(topic: impl Into<Topic>) -> Self {
        Self { topic: topic.into(), interest: Interest::All, index: 0, token: None }
    }

    /// One subject of a topic.
    pub fn one(topic: impl Into<Topic>, subject: impl Into<Subject>) -> Self {
        Self { topic: topic.into(), interest: Interest::One(subject.into()), index: 0, token: None }
    }

    /// Goes on after `index`, the highest that was taken in whole. Default 0: begin with a snapshot (behaviour S2). When the history no longer
    /// holds everything after it, the subscription begins with [`NewSnapshotToFollow`](crate::Message::NewSnapshotToFollow) and a
    /// snapshot (behaviours S3, S4).
    pub fn resume_at(self, index: u64) -> Self {
        Self { index, ..self }
    }

    /// Ends with [`Closed::TokenClosed`](crate::Closed::TokenClosed) when this token is closed (behaviour S8). Default: none.
    pub fn with_token(self, token: impl Into<Token>) -> Self {
        Self { token: Some(token.into()), ..self }
    }

    /// The topic.
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// What of the topic.
    pub fn interest(&self) -> &Interest {
        &self.interest
    }

    /// After which index; 0 for a snapshot.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The token, if any.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }
}
