//! The replicas, what they lead and share, and how the store stands.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::EntryKey;

/// The replicas of the program, as the one that answers sees them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cluster {
    /// The name of the one that answers.
    pub answered_by: String,
    /// The replicas, by name. Over a store that only one can use: the one that answers.
    pub replicas: Vec<Replica>,
    /// Who leads the controllers that run in one replica.
    pub leaders: Vec<Leadership>,
    /// Who runs what of the controllers whose keys are shared out.
    #[serde(default)]
    pub shards: Vec<Shards>,
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
    /// What it is called. Two may be called the same, by mistake.
    pub name: String,
    /// Its id, random and new with each start.
    pub id: String,
    /// Whether it lives.
    pub state: ReplicaState,
    /// Its version of the program.
    pub version: String,
    /// When it started: an RFC 3339 time.
    pub started: String,
    /// Where its API is reached; absent when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Whether it is ready, and why not: of the one that answers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Readiness>,
}

/// Whether a replica lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReplicaState {
    /// It was heard of within the time of its lease.
    Alive,
    /// It was not: it has died, sleeps, or does not reach the store. It is told for ten minutes.
    Silent,
    /// It cannot be known: the one that answers does not reach the store.
    Unknown,
}

impl ReplicaState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Alive, Self::Silent, Self::Unknown];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Silent => "silent",
            Self::Unknown => "unknown",
        }
    }
}

/// The replica that runs something, when it is another than the one that answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct RunBy {
    /// Its name; absent when it is not known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica: Option<String>,
    /// Where its API is reached, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
}

/// Whether everything works, and what does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether everything works.
    pub ready: bool,
    /// What does not.
    pub reasons: Vec<String>,
}

/// How the keys of a controller are shared out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Shards {
    /// The controller.
    pub controller: String,
    /// The group of replicas that share them.
    pub group: String,
    /// The version of the group's map that the answering replica goes by; absent while it is no member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Whether all members have adopted it, so that every key has a replica that runs it.
    pub settled: bool,
    /// The members, by the map that was seen last.
    pub members: Vec<ShardMember>,
}

/// A replica that runs a share of the keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShardMember {
    /// The replica's name.
    pub replica: String,
    /// The epoch of its membership.
    pub epoch: u64,
    /// The version of the map that it has adopted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<u64>,
    /// Which part of all keys is its own, from 0 to 1.
    pub share: f64,
}

/// A lease under which a controller runs in one replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Leadership {
    /// The controller.
    pub controller: String,
    /// The name of the replica that holds it; absent when none does, or none is known to.
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
