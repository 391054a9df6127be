//! What can be read of a controller at any time: how it stands, and each of its keys.

use std::sync::Arc;

use trimtab_backend::{Index, KindName};
use trimtab_queue::{Counters, KeyReport, KeyState, Priority};
use trimtab_seams::Instant;

use super::core::Core;
use super::troubles::Trouble;
use crate::metrics::ControllerMetrics;
use crate::shard::{ShardStatus, Standing};
use crate::source::{SourceState, SourceStatus};
use crate::{Placement, Request};

/// How a controller stands.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ControllerStatus {
    /// Its name.
    pub name: String,
    /// The kind whose keys it reconciles: that of its first source of entries without a mapping.
    pub kind: Option<KindName>,
    /// Whether it follows all its sources and works; a controller that waits for its lease is ready too.
    pub ready: bool,
    /// Why it is not, a line for each reason.
    pub reasons: Vec<String>,
    /// In which replicas it runs.
    pub placement: Placement,
    /// Under which lease it works, when it runs in one place: its epoch while this process holds it. Where keys are shared out: the version of the map.
    pub epoch: Option<Index>,
    /// The group that shares the keys out, while this process is a member of it.
    pub shard: Option<ShardStatus>,
    /// Whether it waits for a lease that somebody else holds, or to be a member of its group.
    pub standby: bool,
    /// How its sources fare.
    pub sources: Vec<SourceStatus>,
    /// How many keys are where.
    pub queue: Counters,
    /// Hot loops: keys that keep asking to run at once, or whose own writes keep making them run, without any other event, and how often in a row
    /// (behaviour C10).
    pub hot: Vec<(Request, u32)>,
    /// How many triggers wait.
    pub triggers: usize,
}

/// A key of a controller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyStatus {
    /// The key.
    pub request: Request,
    /// Where it stands; each key in one state.
    pub state: KeyStatusState,
    /// Since when. For ready and running keys only with [timings](crate::Controller::with_timings).
    pub since: Option<Instant>,
    /// Its next promised run.
    pub next_run: Option<Instant>,
    /// The level at which it stands in line.
    pub priority: Priority,
    /// How often in a row it has failed.
    pub failures: u32,
    /// Its last error, while it fails.
    pub last_error: Option<String>,
    /// Whether it waits for something to change, because no retry can mend its last error.
    pub terminal: bool,
    /// Why it stands where it stands, for people: "waiting for index 41".
    pub why: Option<String>,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyStatusState {
    /// A worker is on it.
    Running,
    /// In line.
    Ready,
    /// Has failed, and waits to be retried or, after a terminal error, for a change.
    Failing,
    /// Waits for a promised time.
    Deferred,
}

impl KeyStatusState {
    /// The word that commands and metrics use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Failing => "failing",
            Self::Deferred => "deferred",
        }
    }
}

impl KeyStatus {
    fn new(report: KeyReport<Request>, trouble: Option<Trouble>) -> Self {
        let state = match report.state {
            KeyState::Running => KeyStatusState::Running,
            KeyState::Ready => KeyStatusState::Ready,
            KeyState::Failing => KeyStatusState::Failing,
            KeyState::Deferred => KeyStatusState::Deferred,
        };
        let (failures, last_error, terminal) = match report.failing {
            Some(failing) => (failing.failures, Some(failing.error.into_string()), failing.terminal),
            None => (0, None, false),
        };
        Self {
            request: report.item,
            state,
            since: report.since,
            next_run: report.next_run,
            priority: report.priority,
            failures,
            last_error,
            terminal,
            why: trouble.map(|trouble| match trouble {
                Trouble::Waiting(index) => format!("waiting for index {index}"),
                Trouble::Hot(row) => {
                    format!("asked to run at once {row} times in a row without any new event")
                }
                Trouble::Echo(row) => format!("its own writes made it run {row} times in a row"),
                Trouble::Contended(row) => format!("lost against other writers {row} times in a row"),
                Trouble::Unresolved => "waiting to learn whether its last commit happened".into(),
            }),
        }
    }
}

/// The keys of a controller's queue, in order of their names.
pub(super) fn keys(core: &Core, wanted: impl Fn(&KeyStatus) -> bool) -> Vec<KeyStatus> {
    if !core.has_begun() {
        return Vec::new();
    }
    let troubles = core.troubles.all();
    let reports = core.queue().keys();
    let statuses = reports.into_iter().map(|report| {
        let trouble = troubles.get(&report.item).copied();
        KeyStatus::new(report, trouble)
    });
    let mut keys: Vec<_> = statuses.filter(|key| wanted(key)).collect();
    keys.sort_by(|a, b| a.request.cmp(&b.request));
    keys
}

pub(super) fn controller(core: &Core) -> ControllerStatus {
    let sources: Vec<_> =
        core.sources.lock().iter().map(|source| source.status(core.store.publisher())).collect();
    let term = core.term();
    let standby = core.has_begun() && term.is_none() && !core.stop.is_raised();
    let mut reasons = Vec::new();
    if !core.has_begun() {
        reasons.push("it has not begun".into());
    } else if core.stop.is_raised() {
        reasons.push("it is stopping".into());
    } else if standby {
        reasons.extend(core.lease_error());
    } else {
        reasons.extend(core.lease_error());
        reasons.extend(sources.iter().filter_map(lacking));
    }
    let hot = core.troubles.all().into_iter().filter_map(|(key, trouble)| match trouble {
        Trouble::Hot(row) | Trouble::Echo(row) => Some((key, row)),
        _ => None,
    });
    ControllerStatus {
        name: core.name().to_string(),
        kind: core.kind().cloned(),
        ready: reasons.is_empty(),
        reasons,
        placement: core.placement(),
        epoch: term.as_ref().and_then(|term| term.epoch()),
        shard: term.as_ref().and_then(|term| term.share().map(|share| share.status())),
        standby,
        sources,
        queue: counters(core),
        hot: hot.collect(),
        triggers: core.triggers.waiting(),
    }
}

fn lacking(source: &SourceStatus) -> Option<String> {
    match &source.state {
        SourceState::Broken { error, failures, .. } => {
            Some(format!("source {}: failed {failures} times in a row: {error}", source.name))
        }
        SourceState::Idle | SourceState::Opening if source.gate => {
            Some(format!("source {}: its first snapshot is not there yet", source.name))
        }
        _ => None,
    }
}

fn counters(core: &Core) -> Counters {
    if core.has_begun() { core.queue().counters().unwrap_or_default() } else { Counters::default() }
}

pub(super) fn metrics(core: &Core) -> ControllerMetrics {
    use std::sync::atomic::Ordering::Relaxed;

    let mut metrics = ControllerMetrics {
        queue: counters(core),
        triggered: core.triggers.fired(),
        ..ControllerMetrics::default()
    };
    for source in core.sources.lock().iter() {
        metrics.events += source.events.load(Relaxed);
        metrics.answered += source.answered.load(Relaxed);
        metrics.map_failures += source.map_failures.load(Relaxed);
        metrics.resubscribes += source.resubscribes.load(Relaxed);
    }
    let (tallies, now) = (core.tallies(), core.seams.now());
    for tally in tallies {
        tally.add_to(&mut metrics);
    }
    metrics.workers = tallies.len();
    metrics.longest_run = tallies.iter().filter_map(|tally| tally.running(now)).max();
    metrics
}

/// Whether, at this instant, nothing is left to be done: see [`ControllerHandle::is_settled`](super::ControllerHandle::is_settled).
pub(super) fn is_settled(core: &Core) -> bool {
    let Some(term) = core.term() else { return false };
    // First what makes a source tell again, then what sources have in hand, then the queue: whatever one has passed on by now is seen in the next.
    let listed = |standing: &Arc<Standing>| {
        let is_it = |listed: &Arc<Standing>| Arc::ptr_eq(listed, standing);
        term.sources.iter().all(|source| source.listed.lock().as_ref().is_none_or(is_it))
    };
    let shared = term.share().map(|share| share.standing()).is_none_or(|at| at.is_settled() && listed(&at));
    let published = core.store.publisher().index();
    let told = term.sources.iter().all(|source| {
        source.taken(core.store.publisher()).is_none_or(|taken| taken.get() >= published)
            && (source.is_synced() || !source.gate)
            && !source.unfinished.load(std::sync::atomic::Ordering::Acquire)
    });
    let queue = counters(core);
    term.gate.is_open()
        && shared
        && told
        && core.triggers.waiting() == 0
        && core.troubles.is_empty()
        && queue.ready == 0
        && queue.running == 0
        && queue.failing == 0
        && core.store.publisher().index() == published
}
