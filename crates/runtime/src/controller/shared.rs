//! A controller whose keys are shared out among replicas.

use std::sync::Arc;

use trimtab_queue::{KeyState, Priority};

use super::core::Core;
use super::term::Term;
use crate::Request;
use crate::cause::{Reason, WhatHappened};
use crate::shard::{Gained, Listed, Share, Standing};
use crate::task::{First, race, unless};

/// Lets go of what is known of keys that pass to other replicas, and takes up those without an entry that come from them, for as long as the term takes keys in.
pub(super) fn keep_to_share(core: &Arc<Core>, term: &Arc<Term>, share: &Arc<Share>) {
    let (core, over, share) = (Arc::clone(core), Arc::clone(term), Arc::clone(share));
    let seams = core.seams.clone();
    term.group.spawn(&seams, "share", async move {
        let mut listed = Listed::new(&share);
        let follow = async {
            loop {
                let standing = share.standing();
                let_go(&core, &standing);
                match race(listed.gained(), share.moved(&standing)).await {
                    First::Left(gained) => core.take_up(&gained),
                    First::Right(()) => {}
                }
            }
        };
        unless(over.intake.raised(), follow).await;
    });
}

/// Only tidying: none of them would be run.
fn let_go(core: &Core, standing: &Standing) {
    for report in core.queue().keys() {
        // Whoever runs has been told; who is in line is dropped when its turn comes.
        let waits = matches!(report.state, KeyState::Deferred | KeyState::Failing);
        if waits && !standing.owns(&report.item) {
            core.queue().drop_waiting(&report.item);
            core.troubles.over(&report.item);
        }
    }
    core.triggers.retain(|key| standing.owns(key));
}

impl Core {
    /// Whether a key may be queued: it is not another replica's.
    pub(super) fn admits(&self, key: &Request) -> bool {
        if !self.is_shared() {
            return true;
        }
        let is_ours = self.term().is_none_or(|term| term.share().is_none_or(|share| share.admits(key)));
        if !is_ours && matches!(self.store.snapshot().entry(key), Ok(None)) {
            self.passed_over.note(key, self.seams.now());
        }
        is_ours
    }

    /// Queues what no source will tell of again.
    fn take_up(&self, gained: &Gained) {
        for key in self.passed_over.take(|key| gained.holds(key)) {
            let reason = Reason::of(WhatHappened::Deleted, Some(key.clone()), None);
            self.enqueue_for(key, reason, Priority::Normal);
        }
    }
}
