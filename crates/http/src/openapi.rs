//! The description of the API, made from the code.

use serde::Serialize;
use utoipa::ToSchema;

/// An entry in its one form: for the description only, where it stands for [`trimtab_store::Document`].
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Entry)]
pub struct EntryDocument {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; left out: `default`.
    pub namespace: Option<String>,
    /// Its partition; left out: `default`.
    pub partition: Option<String>,
}
