//! What a reader is told about an entry beside what it holds.

use serde::{Deserialize, Serialize};
use trimtab_backend::{Index, Uid};

use super::owner::uid_text;
use super::{Entry, Timestamp};

/// The `meta` of a [`Document`](super::Document): told, never taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Which life of the name this is.
    #[serde(with = "uid_text")]
    pub uid: Uid,
    /// How often the spec was given another value.
    pub generation: u64,
    /// The commit that created it.
    #[serde(with = "index_number")]
    pub created: Index,
    /// The version of the spec part.
    #[serde(with = "index_number")]
    pub modified: Index,
    /// The version of the status part; absent while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_index")]
    pub status_modified: Option<Index>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Since when it is being deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleting_since: Option<Timestamp>,
}

impl Meta {
    /// What is told about this entry.
    pub fn of(entry: &Entry) -> Self {
        Self {
            uid: entry.uid(),
            generation: entry.generation(),
            created: entry.created(),
            modified: entry.version(),
            status_modified: entry.status_version(),
            created_at: entry.created_at(),
            deleting_since: entry.deletion().map(|deletion| deletion.since),
        }
    }
}

/// An index as its number.
mod index_number {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use trimtab_backend::Index;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
    pub(super) fn serialize<S: Serializer>(index: &Index, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(index.get())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Index, D::Error> {
        u64::deserialize(deserializer).map(Index::new)
    }
}

/// An index that may be absent as its number.
mod maybe_index {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use trimtab_backend::Index;

    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(super) fn serialize<S: Serializer>(index: &Option<Index>, serializer: S) -> Result<S::Ok, S::Error> {
        index.map(Index::get).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Index>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Index::new))
    }
}
