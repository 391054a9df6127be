//! Asking a controller to look at keys now.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RunBy;

/// The body of `POST /v1/controllers/{name}/enqueue`: names, or a selector, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Enqueue {
    /// The kind of the names; left out: the controller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Entries by name. They need not exist: a controller can be made to look at what is gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// All entries of the kind whose labels match. The empty text: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Of names and selector; left out: `default`; `*` with a selector: every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Of names and selector; left out: `default`; `*` with a selector: every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
}

/// What was put in line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Enqueued {
    /// How many keys.
    pub enqueued: usize,
    /// How many of those that the selector found were not, because other replicas run them: ask these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Elsewhere>,
}

/// Keys that another replica runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Elsewhere {
    /// Which replica.
    #[serde(flatten)]
    pub run_by: RunBy,
    /// How many.
    pub keys: usize,
}
