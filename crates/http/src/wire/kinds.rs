//! Which kinds there are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kinds that are declared or have entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kinds {
    /// By name.
    pub items: Vec<KindInfo>,
    /// Whether others are refused.
    pub closed: bool,
}

/// A kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KindInfo {
    /// Its name.
    pub name: String,
    /// Another word for it, when one was declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plural: Option<String>,
    /// How many entries of it there are, in all tenancies.
    pub entries: usize,
}
