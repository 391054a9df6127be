//! A handle on a manager.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::ControllerHandle;
use crate::metrics::Text;
use crate::shard::ShardStatus;

/// A handle on a manager: cheap to clone, of use before, during and after its `run`.
#[derive(Clone, Debug, Default)]
pub struct ManagerHandle(Arc<RwLock<Vec<ControllerHandle>>>);

/// Whether everything works, and what does not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Readiness {
    /// Whether every controller is ready.
    pub ready: bool,
    /// Why not, a line for each reason, beginning with the controller's name.
    pub reasons: Vec<String>,
}

impl ManagerHandle {
    pub(super) fn add(&self, controller: ControllerHandle) {
        self.0.write().push(controller);
    }

    pub(super) fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.0.write().retain(|controller| keep(&controller.name()));
    }

    /// The controllers, in the order they were added; each store's owner cascade stands before its first controller.
    pub fn controllers(&self) -> Vec<ControllerHandle> {
        self.0.read().clone()
    }

    /// The controller of this name.
    pub fn controller(&self, name: &str) -> Option<ControllerHandle> {
        self.0.read().iter().find(|controller| &*controller.name() == name).cloned()
    }

    /// Whether everything works, and what does not: what `/readyz` tells.
    pub fn readiness(&self) -> Readiness {
        let mut reasons = Vec::new();
        for controller in self.controllers() {
            let status = controller.status();
            reasons.extend(status.reasons.into_iter().map(|reason| format!("{}: {reason}", status.name)));
        }
        Readiness { ready: reasons.is_empty(), reasons }
    }

    /// Waits until every controller has taken its first snapshots; true then. False when one has ended before.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn ready(&self) -> bool {
        for controller in self.controllers() {
            if !controller.synced().await {
                return false;
            }
        }
        true
    }

    /// Whether, at this instant, no controller has anything left to do: see [`ControllerHandle::is_settled`].
    pub fn is_settled(&self) -> bool {
        self.controllers().iter().all(ControllerHandle::is_settled)
    }

    /// The groups that share keys out to controllers of this manager, each once.
    pub fn shards(&self) -> Vec<ShardStatus> {
        let mut shards: Vec<ShardStatus> = Vec::new();
        for shard in self.controllers().iter().filter_map(|controller| controller.status().shard) {
            if shards.iter().all(|known| known.member != shard.member) {
                shards.push(shard);
            }
        }
        shards
    }

    /// All figures in the text format of Prometheus: the families of [`metric_families`](crate::metric_families). Names and labels are stable; no label has
    /// a key's name in it.
    pub fn metrics_text(&self) -> String {
        let mut text = Text::default();
        for controller in self.controllers() {
            text.controller(&controller.status(), &controller.metrics());
        }
        text.finish()
    }
}
