//! How controllers and their keys stand.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{EntryKey, RunBy};

/// How a controller stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Controller {
    /// Its name.
    pub name: String,
    /// The kind it reconciles, when it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether it follows all its sources and works, or waits for its lease.
    pub ready: bool,
    /// Why it is not ready.
    pub reasons: Vec<String>,
    /// In which replicas it runs: `everywhere`, `leader` (in one) or `sharded` (each key in one).
    #[serde(default)]
    pub placement: String,
    /// Whether it waits for a lease that another replica holds.
    pub standby: bool,
    /// The replica that leads it, while this one stands by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_by: Option<RunBy>,
    /// Which part of all keys runs here, from 0 to 1, where they are shared out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// The epoch of the lease it works under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// How many keys are where.
    pub queue: QueueCounts,
    /// How its runs have ended since the daemon started.
    pub runs: RunCounts,
    /// How its sources fare.
    pub sources: Vec<SourceStanding>,
    /// How many triggers wait.
    pub triggers: usize,
}

/// How many keys are where; each key in one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueCounts {
    /// In line.
    pub ready: usize,
    /// A worker is on it.
    pub running: usize,
    /// Waiting for a promised time.
    pub deferred: usize,
    /// Has failed, and waits to be tried again or for a change.
    pub failing: usize,
}

/// Runs by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunCounts {
    /// All.
    pub total: u64,
    /// Successes, those that asked to run again included.
    pub succeeded: u64,
    /// Failures of every sort: errors, deadlines, panics.
    pub failed: u64,
    /// Neither: lost against another writer, cancelled, fenced.
    pub given_up: u64,
}

/// How a source of a controller fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceStanding {
    /// Its topic, and what of it.
    pub name: String,
    /// `idle`, `opening`, `live`, `broken` or `ended`.
    pub state: String,
    /// What it failed with last, while it is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Entries that could not be mapped, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmapped: Vec<StuckEntry>,
}

/// An entry that nobody can go on with, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StuckEntry {
    /// Which.
    #[serde(flatten)]
    pub key: EntryKey,
    /// Why.
    pub error: String,
}

/// Keys of a controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Keys {
    /// By name, at most as many as asked for.
    pub items: Vec<Key>,
    /// How many there are in all, of the states asked for.
    pub total: usize,
}

/// A key of a controller: where it stands, since when, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Key {
    /// The controller.
    pub controller: String,
    /// Which entry.
    #[serde(flatten)]
    pub key: EntryKey,
    /// Where it stands.
    pub state: KeyState,
    /// Since when: an RFC 3339 time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Its next promised run: an RFC 3339 time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_run: Option<String>,
    /// `high`, `normal` or `low`.
    pub priority: String,
    /// Failures in a row.
    pub failures: u32,
    /// Its last error, while it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// No retry can mend its last error; it waits for a change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub terminal: bool,
    /// Why it stands where it stands: "waiting for index 41".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// A worker is on it.
    Running,
    /// In line.
    Ready,
    /// Has failed, and waits to be tried again or for a change.
    Failing,
    /// Waits for a promised time.
    Deferred,
}

impl KeyState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Running, Self::Ready, Self::Failing, Self::Deferred];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Failing => "failing",
            Self::Deferred => "deferred",
        }
    }
}
