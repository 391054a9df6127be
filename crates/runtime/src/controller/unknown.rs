//! A commit whose outcome stays open: the key does not run again before it is known.
//!
//! The write door has already asked for a while. The claim is held on by a task of its own, so that the worker goes on with other keys; it comes home
//! once the store has said what happened, or that it never will, and then the key runs on what is there.

use std::sync::Arc;
use std::time::Duration;

use trimtab_backend::{Backend as _, CommitError, Index, Pending, Verdict};
use trimtab_queue::Outcome;

use super::any_queue::Taken;
use super::core::Core;
use super::term::Term;
use crate::cause::WhatHappened;
use crate::task::{either, pause, unless};

/// Holds a key until its last commit is known to have happened or never to.
pub(super) fn hold(core: &Arc<Core>, term: &Arc<Term>, mut claim: Taken, pending: Pending) {
    let (asking, held) = (Arc::clone(core), Arc::clone(term));
    term.group.spawn(&core.seams, "unknown outcome", async move {
        let over = either(asking.stop.raised(), held.over.raised());
        let verdict = unless(over, ask(&asking, &claim, &pending)).await;
        if let Some(Some(Verdict::Committed(position))) = verdict {
            asking.unseen.raise(&claim, position.index, Index::ZERO, || asking.store.snapshot().index());
        }
        asking.troubles.over(&claim);
        claim.data_mut().again(WhatHappened::Retried);
        claim.finish(Outcome::Again(Duration::ZERO));
    });
}

/// The verdict; none when there will never be one.
async fn ask(core: &Core, claim: &Taken, pending: &Pending) -> Option<Verdict> {
    let mut failures = 0;
    loop {
        match core.store.backend().resolve(pending.clone()).await {
            Ok(verdict) => return Some(verdict),
            Err(CommitError::Invalid(what)) => {
                let (controller, request) = (core.name(), &**claim);
                tracing::warn!(%controller, %request, %what, "it will never be told whether a commit happened; the key runs on what is there");
                return None;
            }
            Err(error) => {
                let (controller, request) = (core.name(), &**claim);
                tracing::warn!(%controller, %request, %error, failures, "it is still unknown whether a commit happened");
            }
        }
        let delay = pause(&core.seams, Duration::from_millis(100), Duration::from_secs(10), failures);
        failures = failures.saturating_add(1);
        core.seams.sleep(delay).await;
    }
}
