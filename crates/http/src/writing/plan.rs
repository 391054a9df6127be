//! One operation of a request, and the writes it comes to.

use serde_json::Value;
use trimtab_store::{Document, Entry, Invalid, Key, Propagation, Write};

use super::settle::{Reads, Unmet};
use super::tags::{Half, Tags};
use crate::problem::Refusal;

/// An operation on one entry, and on what condition.
pub(crate) struct Planned {
    pub(crate) key: Key,
    pub(crate) act: Act,
    pub(crate) if_match: Option<Tags>,
    pub(crate) if_none_match: Option<Tags>,
}

/// What is to be done.
pub(crate) enum Act {
    /// Nothing: it is a condition.
    Check,
    /// The entry is to be as this says.
    Put(Box<Document>),
    /// This is to be its status.
    Status(Value),
    /// It is to go.
    Delete { propagation: Propagation, drop_finalizers: Vec<String> },
}

impl Planned {
    /// The writes it comes to, from what is there.
    pub(super) async fn writes(&self, reads: &Reads<'_>) -> Result<Vec<Write>, Unmet> {
        let document = match &self.act {
            // Goes by what is there when it is committed, whatever that is.
            Act::Put(document) if self.if_match.is_none() && self.if_none_match.is_none() => {
                return Ok(vec![document.as_ref().clone().into_draft()?.exactly().apply()]);
            }
            Act::Put(document) => Some(document),
            Act::Check | Act::Status(_) | Act::Delete { .. } => None,
        };
        let read = reads.entry(&self.key).await?;
        match (&self.act, read) {
            (Act::Status(_) | Act::Delete { .. }, None) => Err(Unmet::Missing(self.key.clone())),
            (_, read) if !self.holds(read.as_ref()) => Err(Unmet::Condition(self.key.clone(), read)),
            (Act::Status(status), Some(read)) => Ok(self.status(&read, status)),
            (Act::Delete { propagation, drop_finalizers }, Some(read)) => {
                delete(&read, *propagation, drop_finalizers).map_err(Unmet::Refused)
            }
            (Act::Check, None) => Ok(vec![Write::expect_absent(&self.key)]),
            (Act::Check, Some(read)) => Ok(self.pins(&read)),
            (Act::Put(_), read) => {
                let document = document.expect("a put has one").as_ref().clone();
                Ok(self.put(document, read)?)
            }
        }
    }

    fn holds(&self, read: Option<&Entry>) -> bool {
        let half = if matches!(self.act, Act::Status(_) | Act::Check) { Half::Both } else { Half::Spec };
        let met = self.if_match.as_ref().is_none_or(|tags| tags.hold(read, half));
        met && !self.if_none_match.as_ref().is_some_and(|tags| tags.hold(read, half))
    }

    fn put(&self, document: Document, read: Option<Entry>) -> Result<Vec<Write>, Invalid> {
        match (read, &self.if_match) {
            (Some(read), Some(_)) => edited(document, &read).into_edit(&read).map(Vec::from),
            (Some(read), None) => Ok(vec![read.expect_unchanged(), document.into_draft()?.exactly().apply()]),
            (None, _) => Ok(vec![document.into_draft()?.exactly().create()]),
        }
    }

    /// The status, and both halves as they were compared. Equal, it is only compared.
    fn status(&self, read: &Entry, status: &Value) -> Vec<Write> {
        let mut writes = if self.if_match.is_some() { self.pins(read) } else { Vec::new() };
        writes.push(read.set_status_json(status));
        writes
    }

    /// What was compared must still be so.
    fn pins(&self, read: &Entry) -> Vec<Write> {
        let mut writes = vec![read.expect_unchanged()];
        if self.if_match.as_ref().is_some_and(Tags::name_status) {
            writes.push(read.expect_status_unchanged());
        }
        writes
    }
}

/// The document as it would be had its status been read just now. Controllers write the status while somebody edits the spec; what was read of it then can
/// no longer be compared, and is not written anyway.
fn edited(mut document: Document, read: &Entry) -> Document {
    let now = read.status_version();
    if let Some(meta) = document.meta.as_mut().filter(|meta| meta.status_modified != now) {
        meta.status_modified = now;
        document.status = None;
    }
    document
}

fn delete(read: &Entry, propagation: Propagation, dropped: &[String]) -> Result<Vec<Write>, Refusal> {
    if let Some(finalizer) = dropped.iter().find(|finalizer| !read.has_finalizer(finalizer)) {
        let held = read.finalizers().join("`, `");
        let held = if held.is_empty() { "has none".into() } else { format!("has `{held}`") };
        let what = format!("names `{finalizer}`, which {} does not have; it {held}", read.key());
        return Err(Refusal::invalid("drop_finalizer", what));
    }
    let writes = dropped.iter().map(|finalizer| read.remove_finalizer(finalizer));
    Ok(writes.chain([read.delete_with(propagation)]).collect())
}
