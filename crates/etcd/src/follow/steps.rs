//! A stream of what a follower makes, one item a step.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use trimtab_backend::{FeedItem, FollowError};
use trimtab_seams::BoxFuture;

use super::follower::Follower;

type Made = Result<FeedItem, FollowError>;

/// A step that was begun goes on where it was, however often whoever waits for it lets go.
pub(super) struct Steps(State);

enum State {
    Idle(Box<Follower>),
    Making(BoxFuture<'static, (Box<Follower>, Made)>),
    /// After an error.
    Ended,
}

impl Steps {
    pub(super) fn new(follower: Follower) -> Self {
        Self(State::Idle(Box::new(follower)))
    }
}

impl Stream for Steps {
    type Item = Made;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Made>> {
        if let State::Idle(_) = self.0
            && let State::Idle(mut follower) = std::mem::replace(&mut self.0, State::Ended)
        {
            self.0 = State::Making(Box::pin(async move {
                let made = follower.step().await;
                (follower, made)
            }));
        }
        let State::Making(step) = &mut self.0 else { return Poll::Ready(None) };
        let Poll::Ready((follower, made)) = step.as_mut().poll(cx) else { return Poll::Pending };
        self.0 = if made.is_ok() { State::Idle(follower) } else { State::Ended };
        Poll::Ready(Some(made))
    }
}
