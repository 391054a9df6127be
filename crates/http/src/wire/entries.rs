//! Entries in lists, and what came of writing one.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trimtab_store::{Document, Entry, Key, Tenancy};
use utoipa::ToSchema;

/// Which entry. Namespace and partition are left out when they are `default`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryKey {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; left out: `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its partition; left out: `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
}

impl EntryKey {
    /// The key that it names.
    pub fn to_key(&self) -> Key {
        let home = Tenancy::default();
        let partition = self.partition.as_deref().unwrap_or(home.partition());
        let namespace = self.namespace.as_deref().unwrap_or(home.namespace());
        Key::within(self.kind.as_str().into(), Tenancy::new(partition, namespace), &self.name)
    }
}

impl From<&Key> for EntryKey {
    fn from(key: &Key) -> Self {
        let home = Tenancy::default();
        let unless = |default: &str, name: &str| (name != default).then(|| name.to_owned());
        Self {
            kind: key.kind().into(),
            name: key.name().into(),
            namespace: unless(home.namespace(), key.namespace()),
            partition: unless(home.partition(), key.partition()),
        }
    }
}

impl From<&Entry> for EntryKey {
    fn from(entry: &Entry) -> Self {
        entry.key().into()
    }
}

/// A list, or a page of one; all its pages show the store at one instant.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EntryList {
    /// The entries, by partition, namespace and name.
    #[schema(value_type = Vec<crate::openapi::EntryDocument>)]
    pub items: Vec<Document>,
    /// The position that the list shows, also in the header `Trimtab-Index`.
    pub position: String,
    /// Ask again with this for what follows; within 30 s.
    #[serde(default, rename = "continue", skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Entries of this kind that are there but cannot be read, and why; they are not in the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<super::StuckEntry>,
}

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was not there, and is now.
    Created,
    /// It was there, and is different now.
    Changed,
    /// It was so already; nothing was written.
    Unchanged,
    /// It is gone.
    Deleted,
    /// It is marked, and goes when its last finalizer does.
    Deleting,
}

impl Outcome {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Deleted => "deleted",
            Self::Deleting => "deleting",
        }
    }
}

/// What came of writing one entry.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Written {
    /// Which.
    #[serde(flatten)]
    pub key: EntryKey,
    /// What came of it; with `dry_run`, what would.
    pub outcome: Outcome,
    /// The commit's position; when nothing was written, that of the view it was compared with.
    pub position: String,
    /// The entry as the commit left it; absent when it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::openapi::EntryDocument>)]
    pub entry: Option<Document>,
    /// It was not done, only said: `dry_run`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// The body of `PUT .../status`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusDocument {
    /// The whole status, as JSON.
    #[schema(value_type = Object)]
    pub status: Box<RawValue>,
}
