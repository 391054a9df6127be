//! Whether a document would be taken if nothing stood in its place yet.

use std::time::SystemTime;

use serde_json::Value;
use trimtab::backend::{Invalid, Key, Limits, Tenancy, Uid};
use trimtab::store::{Basis, Document, Draft, Write};

use super::shape::{self, Wrong};

/// A document that keeps every rule that can be seen without a store.
pub(super) struct Checked {
    pub(super) key: Key,
    pub(super) document: Document,
    pub(super) draft: Draft,
}

/// Reads a value as an entry to be written. One that names no tenancy lies in `home`. The error names the field.
pub(super) fn checked(value: Value, home: &Tenancy) -> Result<Checked, Wrong> {
    let document = document(value, home)?;
    let wrong = |invalid: Invalid| (invalid.field.to_owned(), invalid.to_string());
    // Its owners are looked for when it is written.
    let alone = Document { owners: Vec::new(), ..document.clone() }.into_draft().map_err(wrong)?;
    let key = alone.key(&Tenancy::default());
    let basis = Basis {
        home: &Tenancy::default(),
        limits: &Limits::PORTABLE,
        now: SystemTime::UNIX_EPOCH,
        current: &|_| None,
        rebase: &|_| None,
        follows: &|_| true,
        uid: &|| Uid::from_random([0; 16]),
    };
    Write::resolve(alone.apply(), &basis).map_err(wrong)?;
    let draft = document.clone().into_draft().map_err(wrong)?;
    Ok(Checked { key, document, draft })
}

/// Reads a value as an entry that is only named by it: what else it says may be as it was read.
pub(super) fn named(value: Value, home: &Tenancy) -> Result<(Key, Document), Wrong> {
    let document = document(value, home)?;
    let part = |given: &Option<String>| given.clone().unwrap_or_else(|| "default".into());
    let tenancy = Tenancy::new(&part(&document.partition), &part(&document.namespace));
    let key = Key::within(document.kind.as_str().into(), tenancy, &document.name);
    key.validate().map_err(|invalid| (invalid.field.to_owned(), invalid.to_string()))?;
    Ok((key, document))
}

/// The value as a document with the tenancy it lies in; default parts are left out, as they are everywhere.
fn document(value: Value, home: &Tenancy) -> Result<Document, Wrong> {
    if let Some(wrong) = shape::wrong(&value) {
        return Err(wrong);
    }
    let read = serde_json::from_value(value);
    let mut document: Document = read.map_err(|error| (String::new(), error.to_string()))?;
    let default = Tenancy::default();
    let place = |given: Option<String>, home: &str, default: &str| {
        Some(given.unwrap_or_else(|| home.to_owned())).filter(|name| name != default)
    };
    document.partition = place(document.partition, home.partition(), default.partition());
    document.namespace = place(document.namespace, home.namespace(), default.namespace());
    Ok(document)
}
