//! A new holder's first read is at least as new as its acquisition (guarantee L-c).
//!
//! The view may have come no further although it misses nothing: the index of what is followed may stand still while the store's grows (contract I1), and
//! the lease's own record is not followed. So the new holder commits something that changes nothing, which is told to every follower as progress, and waits
//! until the view has got there. Where a store does not tell such progress, a view that is live and has stood still for a second has got
//! everything there was.

use std::time::Duration;

use trimtab_backend::{Backend as _, CommitError, Expect, Key, Operation, Position, Transaction};
use trimtab_store::Store;

use super::Tenure;
use crate::task::{First, pause, race};

const STILL: Duration = Duration::from_secs(1);

/// Waits until the view shows all that was committed before the lease was acquired. Waits for as long as it takes; race it against the end of the lease.
pub(crate) async fn caught_up(store: &Store, tenure: &Tenure) {
    let Some(barrier) = commit(store, tenure).await else { return };
    let mut waited = std::pin::pin!(store.at_least(barrier));
    loop {
        let before = store.position();
        match race(waited.as_mut(), store.seams().sleep(STILL)).await {
            // Reached; or the view was replaced as a whole, and is newer still.
            First::Left(_) => return,
            First::Right(()) if is_still(store) && store.position() == before => return,
            First::Right(()) => {}
        }
    }
}

/// Whether a view that stands still has got all there was. Where progress is told, one that stands still waits for it: the server that tells it may be frozen.
fn is_still(store: &Store) -> bool {
    let health = store.health();
    health.is_live() && !health.tells_progress
}

/// Commits nothing, on condition that the lease is held. None: it is not.
async fn commit(store: &Store, tenure: &Tenure) -> Option<Position> {
    let nothing = Operation::Delete { key: Key::new("trimtab.barrier", "view"), expect: Expect::Anything };
    let transaction = Transaction::of([nothing]).checking(tenure.fence());
    let mut failures = 0;
    loop {
        match store.backend().commit(transaction.clone()).await {
            Ok(commit) => return Some(commit.position()),
            Err(CommitError::Conflict(_)) => {
                tenure.lost.raise();
                return None;
            }
            // Done twice it does no harm.
            Err(error) => {
                tracing::warn!(%error, failures, "a new holder of a lease cannot make sure of its view; trying again");
                let delay = pause(store.seams(), Duration::from_millis(50), Duration::from_secs(1), failures);
                failures = failures.saturating_add(1);
                store.seams().sleep(delay).await;
            }
        }
    }
}
