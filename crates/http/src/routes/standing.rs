//! How controllers and their keys stand, as documents.

use trimtab_backend::Key as EntryName;
use trimtab_runtime::{
    ControllerHandle, ControllerMetrics, ControllerStatus, KeyStatus, KeyStatusState, Placement, Priority,
    SourceState, SourceStatus,
};

use super::peers;
use super::times::Times;
use crate::api::Shared;
use crate::wire;

pub(super) fn controller(shared: &Shared, handle: &ControllerHandle) -> wire::Controller {
    let (status, metrics) = (handle.status(), handle.metrics());
    wire::Controller {
        kind: kind(&status),
        ready: status.ready,
        reasons: status.reasons.clone(),
        placement: match &status.placement {
            Placement::Leader(_) => "leader",
            Placement::Sharded(_) => "sharded",
            _ => "everywhere",
        }
        .into(),
        standby: status.standby,
        run_by: peers::leads_instead(shared, handle),
        share: status.shard.as_ref().map(|shard| shard.share),
        epoch: status.epoch.map(trimtab_store::Index::get),
        queue: wire::QueueCounts {
            ready: status.queue.ready,
            running: status.queue.running,
            deferred: status.queue.deferred,
            failing: status.queue.failing,
        },
        runs: runs(&metrics),
        sources: status.sources.iter().map(source).collect(),
        triggers: status.triggers,
        name: status.name,
    }
}

/// The kind it reconciles, when it has one of its own.
pub(super) fn kind(status: &ControllerStatus) -> Option<String> {
    status.kind.as_ref().map(ToString::to_string)
}

/// A key. One that waits says why in the words of its last run, unless the controller knows more.
pub(super) fn key(controller: &ControllerHandle, key: KeyStatus, times: Times) -> wire::Key {
    let noted = || {
        let waits = key.state == KeyStatusState::Deferred;
        let last = waits.then(|| controller.runs(&key.request)).and_then(|runs| runs.into_iter().next())?;
        Some(last.notes.join("; ")).filter(|notes| !notes.is_empty())
    };
    wire::Key {
        why: key.why.clone().or_else(noted),
        controller: controller.name().to_string(),
        key: wire::EntryKey::from(&key.request),
        state: state(key.state),
        since: key.since.map(|since| times.text(since)),
        next_run: key.next_run.map(|next| times.text(next)),
        priority: match key.priority {
            Priority::High => "high",
            Priority::Normal => "normal",
            Priority::Low => "low",
        }
        .into(),
        failures: key.failures,
        last_error: key.last_error,
        terminal: key.terminal,
    }
}

pub(super) fn state(state: KeyStatusState) -> wire::KeyState {
    match state {
        KeyStatusState::Running => wire::KeyState::Running,
        KeyStatusState::Failing => wire::KeyState::Failing,
        KeyStatusState::Deferred => wire::KeyState::Deferred,
        // The enum may grow; what is none of these waits for a worker.
        _ => wire::KeyState::Ready,
    }
}

pub(super) fn stuck((key, error): &(EntryName, String)) -> wire::StuckEntry {
    wire::StuckEntry { key: key.into(), error: error.clone() }
}

fn runs(metrics: &ControllerMetrics) -> wire::RunCounts {
    let counts = &metrics.reconciles;
    let succeeded = counts.done + counts.requeued;
    let failed = counts.failed + counts.terminal + counts.timed_out + counts.panicked;
    let given_up = counts.conflicts + counts.cancelled + counts.fenced;
    wire::RunCounts { total: succeeded + failed + given_up, succeeded, failed, given_up }
}

fn source(source: &SourceStatus) -> wire::SourceStanding {
    let (state, error) = match &source.state {
        SourceState::Idle => ("idle", None),
        SourceState::Opening => ("opening", None),
        SourceState::Live => ("live", None),
        SourceState::Broken { error, .. } => ("broken", Some(error.clone())),
        _ => ("ended", None),
    };
    wire::SourceStanding {
        name: source.name.clone(),
        state: state.into(),
        error,
        unmapped: source.unmapped.iter().map(stuck).collect(),
    }
}
