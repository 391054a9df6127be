//! Several writes and conditions, all or nothing.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trimtab_store::Document;
use utoipa::ToSchema;

use super::{EntryKey, Written};

/// The body of `POST /v1/transactions`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// What must be so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// What to do, in order; several to one entry become one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
}

/// A condition on an entry that need not be written: exactly one of `etag` and `absent`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Which entry.
    pub entry: EntryKey,
    /// It is at this ETag; `"12."` or `"12"` compares the spec alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// It is not there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
}

/// One operation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Creates or replaces an entry, as `PUT /v1/entries/{kind}/{name}`.
    Put {
        /// The entry, in its one form.
        #[schema(value_type = crate::openapi::EntryDocument)]
        entry: Document,
        /// Only at this ETag.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        if_match: Option<String>,
        /// Only where nothing is.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        create: bool,
    },
    /// Replaces the status, as `PUT .../status`.
    Status {
        /// Which entry.
        entry: EntryKey,
        /// The whole status.
        #[schema(value_type = Object)]
        status: Box<RawValue>,
        /// Only at this ETag.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        if_match: Option<String>,
    },
    /// Deletes, as `DELETE /v1/entries/{kind}/{name}`.
    Delete {
        /// Which entry.
        entry: EntryKey,
        /// Only at this ETag.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        if_match: Option<String>,
        /// `background` (default), `foreground` or `orphan`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        propagation: Option<String>,
        /// Finalizers to take off first, without waiting for whoever they belong to.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        drop_finalizers: Vec<String>,
    },
}

/// The answer to a transaction that was committed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Transacted {
    /// The commit's position; when nothing was to be written, that of the view.
    pub position: String,
    /// What came of each entry that was named by an operation, in order.
    pub results: Vec<Written>,
    /// It was not done, only said: `dry_run`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}
