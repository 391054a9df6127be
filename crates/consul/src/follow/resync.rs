//! Comparing a scope with the store, for what was written past Trimtab.

use trimtab_backend::{FollowError, Index, ResetReason};

use super::live::{End, Live};
use super::view::Difference;
use crate::open::denied;
use crate::wire::{Op, Trouble};

impl Live<'_> {
    /// Tells how the scope differs from what was told, as one batch. Nothing is read of a scope whose index stands still.
    pub(super) async fn resync(&mut self) -> Result<(), End> {
        let core = self.core;
        self.due = core.seams.now() + core.settings.resync;
        let looked = core.index_of(&core.layout.prefix_of(self.scope)).await.map_err(Trouble::of_a_read);
        let Some(index) = pass_over(looked)? else { return Ok(()) };
        if self.quiet == Some(index) {
            return Ok(());
        }
        let Some(snapshot) = pass_over(core.snapshot(self.scope).await)? else { return Ok(()) };
        if snapshot.store.id != self.position().store {
            return Err(End::Reset(ResetReason::OtherStore));
        }
        core.clean(&snapshot.listing).await;
        // First what Trimtab's own commits tell of it.
        let asked = self.news(&snapshot.listing)?;
        self.tell(snapshot.listing, &asked).await?;
        match self.view.compare(snapshot.records, &snapshot.sentinels) {
            Difference::Changes(changes) if changes.is_empty() => {}
            Difference::Changes(changes) => {
                let upto = snapshot.position.max(Index::new(index));
                // A delete leaves no index behind, and a commit of ours may have passed it.
                if upto <= self.position().index {
                    return Err(End::Reset(ResetReason::Suspect));
                }
                tracing::debug!(scope = ?self.scope, changes = changes.len(), "entries were written past Trimtab");
                self.send(upto, changes).await?;
            }
            Difference::Unreadable(kind) => {
                // Gone with all its entries, or a right that was taken away.
                let sentinel = core.layout.sentinel(&kind);
                let found = core.read(&[Op::Get(sentinel.clone())]).await.map_err(End::Failed)?;
                let gone = found.results.iter().any(|entry| entry.key == sentinel);
                return Err(if gone {
                    End::Reset(ResetReason::Suspect)
                } else {
                    End::Failed(denied(&sentinel))
                });
            }
            Difference::WentBack => return Err(End::Reset(ResetReason::IndexWentBack)),
        }
        self.quiet = Some(index);
        Ok(())
    }
}

/// What cannot be compared now is compared the next time.
fn pass_over<T>(answer: Result<T, FollowError>) -> Result<Option<T>, End> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(FollowError::Unavailable { .. }) => Ok(None),
        Err(error) => Err(End::Failed(error)),
    }
}
