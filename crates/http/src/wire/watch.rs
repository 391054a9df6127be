//! The data of the events of `GET /v1/watch`. The name of each event stands at its type.

use serde::{Deserialize, Serialize};
use trimtab_store::Document;
use utoipa::ToSchema;

use super::EntryKey;

/// `snapshot`: an entry that is there at the beginning.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SnapshotEntry {
    /// The entry.
    #[schema(value_type = crate::openapi::EntryDocument)]
    pub entry: Document,
}

/// `end-of-snapshot` and, every 15 s without a change, `progress`: all up to this position has been told. The id of the event is the position too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// Up to where.
    pub position: String,
}

/// `change`: everything that one commit changed of what is watched. The id of the event is its position.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Changes {
    /// Of the commit.
    pub position: String,
    /// In the order of the commit.
    pub changes: Vec<Changed>,
}

/// An entry before and after a commit. A delete and a new entry of the same name are two of these.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    /// Which.
    #[serde(flatten)]
    pub key: EntryKey,
    /// Before; absent: it was not there, did not match the selector, or is not known any more after a restart of the daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::openapi::EntryDocument>)]
    pub old: Option<Document>,
    /// After; absent: it is gone, or matches the selector no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::openapi::EntryDocument>)]
    pub new: Option<Document>,
}

/// `reset`: forget what you hold; a snapshot follows on the same connection. Has an empty id, so that a client that reconnects now begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reset {
    /// Why: `too-old`, `other-store`, `lagged` or `store-replaced`.
    pub reason: String,
}
