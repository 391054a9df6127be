//! This replica, and how its store and its controllers stand.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::EntryKey;

/// The replicas of the program; in this version the one that answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cluster {
    /// Which of the replicas answers.
    pub answered_by: String,
    /// The replicas.
    pub replicas: Vec<Replica>,
    /// Who leads what.
    pub leaders: Vec<Leadership>,
    /// The store, as the answering replica sees it.
    pub store: StoreStanding,
    /// Deletions that wait for finalizers which no controller of the answering replica takes off; at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<HeldDeletion>,
}

/// A deletion that waits for somebody who is not known here: for a controller that was taken out of the file, or for another program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldDeletion {
    /// Which entry.
    #[serde(flatten)]
    pub key: EntryKey,
    /// The finalizers that nobody here takes off.
    pub finalizers: Vec<String>,
}

/// A replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replica {
    /// Its id, new with each start.
    pub id: String,
    /// Its version of the program.
    pub version: String,
    /// When it started: an RFC 3339 time.
    pub started: String,
    /// Where its API is reached.
    pub api: String,
    /// Whether it is ready, and why not.
    pub readiness: Readiness,
}

/// Whether everything works, and what does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether everything works.
    pub ready: bool,
    /// What does not.
    pub reasons: Vec<String>,
}

/// A lease under which a controller runs in one replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Leadership {
    /// The controller.
    pub controller: String,
    /// The replica that holds it, as far as it is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica: Option<String>,
    /// Its epoch, which only grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
}

/// How the store stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreStanding {
    /// What it is, in a few words: `embedded ./data`.
    pub description: String,
    /// `reading`, `live`, `retrying` or `closed`.
    pub following: String,
    /// Why, while it is `retrying`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Where the view stands.
    pub position: String,
    /// Entries in it, in all kinds and tenancies.
    pub entries: usize,
    /// Entries that cannot be read.
    pub undecodable: usize,
    /// How often the view had to be read anew as a whole.
    pub resets: u64,
}
