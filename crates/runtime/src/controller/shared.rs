//! A controller whose keys are shared out among replicas.

use std::sync::Arc;

use trimtab_queue::KeyState;

use super::core::Core;
use super::term::Term;
use crate::shard::{Share, Standing};
use crate::task::unless;

/// Lets go of what is known of keys that have passed to other replicas, for as long as the term takes keys in. Only tidying: none of them would be run.
pub(super) fn let_go_of_the_lost(core: &Arc<Core>, term: &Arc<Term>, share: &Arc<Share>) {
    let (core, term_of, share) = (Arc::clone(core), Arc::clone(term), Arc::clone(share));
    let seams = core.seams.clone();
    term.group.spawn(&seams, "lost keys", async move {
        let sweep = async {
            loop {
                let standing = share.standing();
                let_go(&core, &standing);
                share.moved(&standing).await;
            }
        };
        unless(term_of.intake.raised(), sweep).await;
    });
}

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
