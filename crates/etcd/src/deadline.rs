//! Work that is given so much time and no more.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// The result of the work, or nothing when the alarm was first. The work is looked at first: what is ready beats an alarm that has passed.
pub(crate) async fn before<T>(alarm: impl Future<Output = ()>, work: impl Future<Output = T>) -> Option<T> {
    let (mut alarm, mut work) = (pin!(alarm), pin!(work));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => alarm.as_mut().poll(cx).map(|()| None),
    })
    .await
}
