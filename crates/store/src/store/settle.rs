//! Finding out what became of a transaction whose answer was lost.

use std::time::Duration;

use trimtab_backend::{AnyBackend, Backend, Commit, CommitError, Pending, Verdict, Why};
use trimtab_seams::Seams;

use super::retry::Retry;
use crate::WriteError;

/// How long the door goes on asking before it leaves the question to the author (settled, Unknown).
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the backend, with backoff, until it gives a verdict: committed is a success, never is a failure that changed nothing. Without a verdict the
/// outcome stays unknown (guarantee R-b).
pub(super) async fn settle(
    backend: &AnyBackend,
    seams: &Seams,
    mut pending: Pending,
) -> Result<Commit, WriteError> {
    let until = seams.now() + PATIENCE;
    let mut retry = Retry::new(Duration::from_millis(20), Duration::from_secs(2));
    loop {
        let Some(answer) = before(seams.sleep_until(until), backend.resolve(pending.clone())).await else {
            return Err(WriteError::Unknown(pending));
        };
        let asked = match answer {
            Ok(Verdict::Committed(position)) => return Ok(Commit::Committed(position)),
            Ok(Verdict::Never) => {
                return Err(WriteError::Unavailable { why: Why::Unreachable, retry_after: None });
            }
            Err(CommitError::Unavailable { retry_after, .. }) => retry_after,
            // To ask is a write too; what is open now is what became of that.
            Err(CommitError::Unknown(next)) => {
                pending = next;
                None
            }
            // No more will be learnt by asking again.
            Err(error) => {
                tracing::warn!(%error, "an unknown outcome cannot be resolved");
                return Err(WriteError::Unknown(pending));
            }
        };
        let delay = retry.failed(seams, asked);
        if before(seams.sleep_until(until), seams.sleep(delay)).await.is_none() {
            return Err(WriteError::Unknown(pending));
        }
    }
}

/// The work's result, unless `end` comes first: then the work is dropped.
pub(super) async fn before<T>(end: impl Future<Output = ()>, work: impl Future<Output = T>) -> Option<T> {
    let (mut end, mut work) = (std::pin::pin!(end), std::pin::pin!(work));
    std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
        std::task::Poll::Ready(result) => std::task::Poll::Ready(Some(result)),
        std::task::Poll::Pending => end.as_mut().poll(cx).map(|()| None),
    })
    .await
}
