//! The body of a PUT: an entry whose names the path may say.

use serde::Deserialize;
use serde_json::value::RawValue;
use trimtab_store::{Document, Labels, Meta, OwnerRef};
use utoipa::ToSchema;

use super::place::WritePlace;
use crate::openapi::{EntryMeta, EntryOwner};
use crate::problem::Refusal;

/// An entry to be written: kind, name, namespace and partition may be left out, as path and query say them. Status, finalizers and meta may stand there only as they were
/// read, with `If-Match`.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = EntryInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    /// Its kind; when given, that of the path.
    kind: Option<String>,
    /// Its name; when given, that of the path.
    name: Option<String>,
    /// Its namespace; when given, that of the query.
    namespace: Option<String>,
    /// Its partition; when given, that of the query.
    partition: Option<String>,
    /// Its labels, exactly.
    #[serde(default)]
    labels: Labels,
    /// Owners, added to those that are there.
    #[serde(default)]
    #[schema(value_type = Vec<EntryOwner>)]
    owners: Vec<OwnerRef>,
    /// As they were read.
    #[serde(default)]
    finalizers: Vec<String>,
    /// What should be, exactly.
    #[schema(value_type = Object)]
    spec: Box<RawValue>,
    /// As it was read.
    #[schema(value_type = Option<Object>)]
    status: Option<Box<RawValue>>,
    /// As it was read.
    #[schema(value_type = Option<EntryMeta>)]
    meta: Option<Meta>,
}

impl Given {
    /// The document, its names filled in; one that says another name than the path is refused.
    pub(super) fn into_document(self, kind: &str, name: &str, at: &WritePlace) -> Result<Document, Refusal> {
        let agree = |field: &str, given: Option<String>, said: Option<&str>| match (given, said) {
            (Some(given), Some(said)) if given != said => {
                let what =
                    format!("is `{given}` in the body and `{said}` in the path or query; say one of them");
                Err(Refusal::invalid(field, what))
            }
            (given, said) => Ok(given.or_else(|| said.map(str::to_owned))),
        };
        Ok(Document {
            kind: agree("kind", self.kind, Some(kind))?.unwrap_or_default(),
            name: agree("name", self.name, Some(name))?.unwrap_or_default(),
            namespace: agree("namespace", self.namespace, at.namespace.as_deref())?,
            partition: agree("partition", self.partition, at.partition.as_deref())?,
            labels: self.labels,
            owners: self.owners,
            finalizers: self.finalizers,
            spec: self.spec,
            status: self.status,
            meta: self.meta,
        })
    }
}
