//! A handle on a controller.

use std::fmt;
use std::sync::Arc;

use trimtab_queue::Priority;

use super::core::Core;
use super::history::Run;
use super::status::{self, ControllerStatus, KeyStatus, KeyStatusState};
use super::whereabouts::Whereabouts;
use crate::cause::{Reason, WhatHappened};
use crate::metrics::ControllerMetrics;
use crate::task::{First, race};
use crate::{IntoRequests, Request, Trigger};

/// A handle on a controller: cheap to clone, of use before, during and after its `run`; after it, harmless.
#[derive(Clone)]
pub struct ControllerHandle(pub(super) Arc<Core>);

impl ControllerHandle {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self(Arc::clone(core))
    }

    /// The controller's name.
    pub fn name(&self) -> Arc<str> {
        self.0.name()
    }

    /// Puts keys in line now. Before `run` they are kept for it; after it nothing happens. Where keys are [shared out](crate::Placement::sharded), those of
    /// other replicas are passed over.
    #[doc(alias = "Enqueue")]
    pub fn enqueue(&self, requests: impl IntoRequests) {
        self.enqueue_with(requests, Priority::Normal);
    }

    /// The same at a level: [`Priority::High`] for what a person waits for.
    pub fn enqueue_with(&self, requests: impl IntoRequests, priority: Priority) {
        let reason = Reason::of(WhatHappened::Enqueued, None, None);
        requests.each(&mut |request| self.0.enqueue_for(request, reason.clone(), priority));
    }

    /// In which replica a key runs, as far as it is known here.
    pub fn whereabouts(&self, request: &Request) -> Whereabouts {
        self.0.whereabouts(request)
    }

    /// Enqueues the key when the trigger ends, however it ends (behaviour T1). A key has one trigger: an earlier one is cancelled and enqueues nothing
    /// (behaviours T2, T3). All triggers end with the controller (behaviour T7).
    #[doc(alias = "AddTrigger")]
    pub fn add_trigger(&self, request: Request, trigger: impl Into<Trigger>) {
        self.0.triggers.add(&self.0, request, trigger.into(), None);
    }

    /// Cancels the trigger of a key. Without one nothing happens (behaviour T4).
    #[doc(alias = "RemoveTrigger")]
    pub fn remove_trigger(&self, request: &Request) {
        self.0.triggers.remove(request);
    }

    /// Waits until every gating source has delivered its first snapshot; true then. False when the controller has ended before.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    #[doc(alias = "WaitForCacheSync")]
    pub async fn synced(&self) -> bool {
        match race(self.0.synced.raised(), self.0.stop.raised()).await {
            First::Left(()) => true,
            First::Right(()) => false,
        }
    }

    /// Whether it works: see [`ControllerStatus::ready`].
    pub fn is_ready(&self) -> bool {
        self.status().ready
    }

    /// Whether, at this instant, nothing is left to do: first snapshots are taken, every published change has been passed on, no key is ready or running, none
    /// fails, none waits for the view, no trigger waits. Runs promised by `requeue_after` and by the resync do not count.
    ///
    /// A key that fails for ever, or a trigger that is set again each time, never settles: whoever waits for this bounds the wait, also in virtual time.
    pub fn is_settled(&self) -> bool {
        status::is_settled(&self.0)
    }

    /// How it stands.
    pub fn status(&self) -> ControllerStatus {
        status::controller(&self.0)
    }

    /// Its figures.
    pub fn metrics(&self) -> ControllerMetrics {
        status::metrics(&self.0)
    }

    /// Every key of its queue; a key that is in none of the states costs nothing and is not listed.
    pub fn keys(&self) -> Vec<KeyStatus> {
        status::keys(&self.0, |_| true)
    }

    /// The keys that have failed since their last success (behaviour L6), terminal ones included (behaviour C11).
    pub fn failing(&self) -> Vec<KeyStatus> {
        status::keys(&self.0, |key| key.failures > 0 || key.state == KeyStatusState::Failing)
    }

    /// The last runs of a key that are still kept, the newest first; none unless the controller was made
    /// [`with_history`](crate::Controller::with_history). They are kept after its end too, but not over a restart.
    pub fn runs(&self, request: &Request) -> Vec<Run> {
        self.0.runs(|run| run.request == *request, usize::MAX)
    }

    /// The last runs of all keys, at most `limit` of them: the newest first, after them the older failures that are kept beyond the others.
    pub fn runs_all(&self, limit: usize) -> Vec<Run> {
        self.0.runs(|_| true, limit)
    }
}

impl fmt::Debug for ControllerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ControllerHandle").field(&self.name()).finish()
    }
}
