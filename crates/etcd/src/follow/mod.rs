//! Following a scope: a snapshot in pages of one revision, then one watch.
//!
//! A feed is a state machine that makes one item at a time when it is asked for one. Nothing runs beside it, so a slow reader costs the server's
//! buffers and nobody else's.

mod assemble;
mod changes;
mod follower;
mod pages;
mod steps;

use std::sync::Arc;

use trimtab_backend::{Feed, FollowError, Position, ResetReason, Scope};

use crate::core::Core;
use crate::transaction::revision;
use follower::{Follower, Stage};
use steps::Steps;

/// Begins to follow. Whether the place is still known is asked linearizably first: a watch from beyond the head, or from the history of a store that
/// is no longer there, would be silent (contract F3).
pub(crate) async fn follow(
    core: &Arc<Core>,
    scope: Scope,
    from: Option<Position>,
) -> Result<Feed, FollowError> {
    let (identity, head) = core.look().await?;
    let stage = match from {
        None => Stage::Reset(ResetReason::First),
        Some(from) if from.store != identity.store => Stage::Reset(ResetReason::OtherStore),
        Some(from) if revision(from.index) > head => Stage::Reset(ResetReason::IndexWentBack),
        Some(from) => Stage::Resume(revision(from.index)),
    };
    Ok(Feed::new(Steps::new(Follower::new(Arc::clone(core), scope, identity, stage))))
}
