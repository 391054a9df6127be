//! Everything that is known of an entry, at one instant.

use serde::{Deserialize, Serialize};
use trimtab_store::Document;
use utoipa::ToSchema;

use super::{EntryKey, Key, RunBy};

/// An entry, and why it stands as it stands.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Description {
    /// Which.
    #[serde(flatten)]
    pub key: EntryKey,
    /// The position it was looked at.
    pub position: String,
    /// The entry; absent when it is not there, which a key of a controller may outlive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::openapi::EntryDocument>)]
    pub entry: Option<Document>,
    /// Why the entry, which is there, cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// Who must let go before it can be deleted, and whether they can.
    pub finalizers: Vec<Finalizer>,
    /// Who owns it.
    pub owners: Vec<OwnedBy>,
    /// What it owns; at most 100 of them.
    pub owned: Vec<EntryKey>,
    /// How many entries it owns.
    pub owned_total: usize,
    /// What each controller of its kind, or that has it in its queue, does about it.
    pub controllers: Vec<Attention>,
}

/// A finalizer, and who it waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finalizer {
    /// Its name.
    pub name: String,
    /// The controller of this replica that removes it; absent when none is known to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// Whether it holds a deletion back now.
    pub holds: bool,
}

/// An owner of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnedBy {
    /// Which entry.
    #[serde(flatten)]
    pub key: EntryKey,
    /// Which life of that name.
    pub uid: String,
    /// Whether that life is still there.
    pub present: bool,
}

/// What a controller does about an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Attention {
    /// The controller.
    pub controller: String,
    /// Whether it works, or why not.
    pub reasons: Vec<String>,
    /// The replica that runs it, when it is another than the one that answers: what that one does about the entry is not known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_by: Option<RunBy>,
    /// Its key for the entry; absent when nothing is to be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Its last runs, newest first, as far as they are remembered.
    pub runs: Vec<Run>,
}

/// A run that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// When it began: an RFC 3339 time.
    pub began: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How it ended: `done`, `requeued`, `failed`, `terminal`, `conflict`, `timed_out`, `panicked`, `cancelled` or `fenced`.
    pub ended: String,
    /// Its error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// Why it ran.
    pub reasons: Vec<String>,
    /// The index it looked at.
    pub index: u64,
    /// What it noted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
