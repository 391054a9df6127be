//! Two futures, whichever ends first.
//!
//! A macro that takes any number of branches reads worse in a loop and starts at a random one, which a replay must then be told.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Which of two ended.
pub(crate) enum First<A, B> {
    Left(A),
    Right(B),
}

/// Ends with whichever ends first; the left one when both have. The other is dropped.
pub(crate) async fn race<A, B>(left: impl Future<Output = A>, right: impl Future<Output = B>) -> First<A, B> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    poll_fn(|cx| {
        if let Poll::Ready(left) = left.as_mut().poll(cx) {
            return Poll::Ready(First::Left(left));
        }
        right.as_mut().poll(cx).map(First::Right)
    })
    .await
}

/// Ends as soon as one of two has.
pub(crate) async fn either(left: impl Future<Output = ()>, right: impl Future<Output = ()>) {
    match race(left, right).await {
        First::Left(()) | First::Right(()) => {}
    }
}

/// Ends with `work`, or with none once `stop` has ended.
pub(crate) async fn unless<A>(stop: impl Future<Output = ()>, work: impl Future<Output = A>) -> Option<A> {
    match race(stop, work).await {
        First::Left(()) => None,
        First::Right(done) => Some(done),
    }
}
