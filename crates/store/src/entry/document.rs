//! The one form in which an entry is seen and given: in files, over HTTP, by exec reconcilers, on the command line, in events
//! (settled, One form of an entry everywhere).
//!
//! A form that nests names under `metadata` and takes what it does not know is what this field is used to; there a misspelt field is
//! lost in silence. This one is flat, and an unknown field is an error.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use trimtab_backend::{Invalid, Part, Tenancy, Uid};

use super::owner::maybe_uid;
use super::{DecodeError, DecodeProblem, Entry, Labels, Meta};
use crate::{Draft, Write, read_payload};

/// An entry as people and other programs see and give it. Read it with `serde_json`, or from a `serde_json::Value` that was made from
/// YAML or TOML: unknown fields are errors.
///
/// Given, it is kind to owners and spec; status, finalizers and meta are refused, for they are not the giver's to say.
///
/// ```
/// use trimtab_store::Document;
///
/// let given: Document = serde_json::from_str(r#"{"kind": "site", "name": "blog", "spec": {"port": 80}}"#)?;
/// let write = given.into_draft()?.apply();
/// # drop(write);
///
/// let misspelt = serde_json::from_str::<Document>(r#"{"kind": "site", "name": "blog", "lables": {}, "spec": {}}"#);
/// assert!(misspelt.unwrap_err().to_string().starts_with("unknown field `lables`"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Document {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; told only when it is not the default one. Given without: the namespace at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its partition; told only when it is not the default one. Given without: the partition at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Who owns it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<OwnerRef>,
    /// What must be done before it can go. Told, never taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finalizers: Vec<String>,
    /// What should be.
    pub spec: Box<RawValue>,
    /// What is; absent while no status was written. Told, never taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Box<RawValue>>,
    /// Told, never taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
}

/// An owner as it is given: without a uid, whoever has that name when it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct OwnerRef {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Which of the lives of that name.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_uid")]
    pub uid: Option<Uid>,
}

/// Read from objects alone: serde would take a list for the fields in their order.
macro_rules! only_from_an_object {
    ($type:ident, $what:literal) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Reader;

                impl<'de> Visitor<'de> for Reader {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<$type, A::Error> {
                        $type::deserialize(MapAccessDeserializer::new(fields))
                    }
                }

                deserializer.deserialize_map(Reader)
            }
        }
    };
}

only_from_an_object!(Document, "an entry, which is an object");
only_from_an_object!(OwnerRef, "an owner, which is an object");

impl Entry {
    /// The entry as people and other programs see it. An error when spec or status is not JSON.
    pub fn to_document(&self) -> Result<Document, DecodeError> {
        let raw = |part, json: &str| {
            let wrong = |error: serde_json::Error| DecodeProblem::Json(error.to_string());
            RawValue::from_string(json.trim().to_owned())
                .map_err(|error| DecodeError::new(self.key(), part, wrong(error)))
        };
        let home = Tenancy::default();
        let unless = |default: &str, name: &str| (name != default).then(|| name.to_owned());
        Ok(Document {
            kind: self.kind().into(),
            name: self.name().into(),
            namespace: unless(home.namespace(), self.namespace()),
            partition: unless(home.partition(), self.partition()),
            labels: self.labels().clone(),
            owners: self.owners().iter().cloned().map(OwnerRef::from).collect(),
            finalizers: self.finalizers().to_vec(),
            spec: raw(Part::Spec, self.spec_json())?,
            status: self.status_json().map(|json| raw(Part::Status, json)).transpose()?,
            meta: Some(Meta::of(self)),
        })
    }
}

impl From<super::Owner> for OwnerRef {
    fn from(owner: super::Owner) -> Self {
        Self { kind: owner.kind, name: owner.name, uid: Some(owner.uid) }
    }
}

impl Document {
    /// A draft of what is given. Status, finalizers and meta are refused by name.
    pub fn into_draft(self) -> Result<Draft, Invalid> {
        let refused = |field, why: &str| {
            let key = Draft::document(&self).key(&Tenancy::default());
            Err(Invalid::new(field, format!("cannot be given: {why}; leave it out")).of(&key))
        };
        if self.status.is_some() {
            return refused("status", "it is written by controllers");
        }
        if !self.finalizers.is_empty() {
            return refused("finalizers", "they are added and removed by controllers");
        }
        if self.meta.is_some() {
            return refused("meta", "it is what the store knows of an entry");
        }
        if let Err(invalid) = read_payload("spec", self.spec.get()) {
            return Err(invalid.of(&Draft::document(&self).key(&Tenancy::default())));
        }
        Ok(Draft::document(&self))
    }

    /// What it takes to make `read` what this says, when this is [`read.to_document()`](Entry::to_document) as somebody has edited it: spec and
    /// labels become exactly these, on condition that nobody changed the entry since. Status, finalizers and meta may stand there as they were read.
    pub fn into_edit(mut self, read: &Entry) -> Result<[Write; 2], Invalid> {
        let refused = |field| Err(Invalid::new(field, "cannot be edited; leave it as it was").of(read.key()));
        let was =
            read.to_document().map_err(|error| Invalid::new("entry", error.to_string()).of(read.key()))?;
        let text =
            |raw: &Option<Box<RawValue>>| raw.as_deref().map(RawValue::get).map(crate::write::json::parse);
        if !self.finalizers.is_empty() && self.finalizers != was.finalizers {
            return refused("finalizers");
        }
        if self.status.is_some() && text(&self.status) != text(&was.status) {
            return refused("status");
        }
        if self.meta.is_some() && self.meta != was.meta {
            return refused("meta");
        }
        (self.finalizers, self.status, self.meta) = (Vec::new(), None, None);
        let draft = self.into_draft()?;
        if draft.key(read.tenancy()) != *read.key() {
            return refused("name");
        }
        Ok([read.expect_unchanged(), draft.in_tenancy(read.tenancy()).exactly().apply()])
    }
}
