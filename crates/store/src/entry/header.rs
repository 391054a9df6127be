//! The header line of a record, whole: as it is decoded when its lists are asked for, and as it is written.
//!
//! Fields that this release does not know are carried along as they stand, so a newer program's entries survive being written by an
//! older one (settled, Records).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use trimtab_backend::Uid;

use super::scan::FORMAT;
use super::{Deletion, Labels, Owner, Timestamp};

/// The part of a spec header that takes memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Lists {
    #[serde(default, deserialize_with = "or_none")]
    pub(crate) labels: Labels,
    #[serde(default, deserialize_with = "or_none")]
    pub(crate) owners: Vec<Owner>,
    #[serde(default, deserialize_with = "or_none")]
    pub(crate) finalizers: Vec<String>,
    #[serde(default)]
    pub(crate) origin: Option<String>,
}

/// A list, where null is as good as absent: other programs write it so.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(list: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(list)?.unwrap_or_default())
}

impl Lists {
    /// Decodes them from a header line that [`scan`](super::scan::spec) has looked through.
    pub(super) fn of(line: &str) -> Self {
        serde_json::from_str(line).expect("the scan of this header looked at the same fields")
    }

    /// What all entries without lists have.
    pub(super) fn none() -> &'static Self {
        static NONE: std::sync::LazyLock<Lists> = std::sync::LazyLock::new(Lists::default);
        &NONE
    }
}

/// Fields that are not known here, as they stand.
pub(crate) type Unknown = BTreeMap<String, Box<RawValue>>;

/// The fields of a header line beside the known ones. Mostly there are none, and then it takes no memory.
pub(super) fn unknown(line: &str, known: &'static [&'static str]) -> Unknown {
    let fields = serde_json::Deserializer::from_str(line).deserialize_map(Beside(known));
    fields.unwrap_or_default()
}

/// Keeps the fields of a map beside these.
struct Beside(&'static [&'static str]);

impl<'de> Visitor<'de> for Beside {
    type Value = Unknown;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unknown, A::Error> {
        let mut fields = Unknown::new();
        while let Some(Name(name)) = map.next_key()? {
            if self.0.contains(&&*name) {
                map.next_value::<IgnoredAny>()?;
            } else {
                fields.insert(name.into_owned(), map.next_value()?);
            }
        }
        Ok(fields)
    }
}

/// Borrowed unless something in it is escaped.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The header of a spec record.
#[derive(Clone, Debug)]
pub(crate) struct SpecHeader {
    pub(crate) uid: Uid,
    pub(crate) generation: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) lists: Lists,
    pub(crate) deleted: Option<Deletion>,
    pub(crate) unknown: Unknown,
}

impl SpecHeader {
    pub(super) const FIELDS: &[&str] =
        &["f", "uid", "generation", "created_at", "labels", "owners", "finalizers", "deleted", "origin"];

    /// The header of an entry that begins its life.
    pub(crate) fn born(uid: Uid, created_at: Timestamp) -> Self {
        let (lists, unknown) = (Lists::default(), Unknown::new());
        Self { uid, generation: 1, created_at, lists, deleted: None, unknown }
    }
}

impl Serialize for SpecHeader {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("f", &FORMAT)?;
        map.serialize_entry("uid", &Text(self.uid))?;
        map.serialize_entry("generation", &self.generation)?;
        map.serialize_entry("created_at", &self.created_at)?;
        if !self.lists.labels.is_empty() {
            map.serialize_entry("labels", &self.lists.labels)?;
        }
        if !self.lists.owners.is_empty() {
            map.serialize_entry("owners", &self.lists.owners)?;
        }
        if !self.lists.finalizers.is_empty() {
            map.serialize_entry("finalizers", &self.lists.finalizers)?;
        }
        if let Some(deleted) = &self.deleted {
            map.serialize_entry("deleted", deleted)?;
        }
        if let Some(origin) = &self.lists.origin {
            map.serialize_entry("origin", origin)?;
        }
        for (name, value) in &self.unknown {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The header of a status record.
#[derive(Clone, Debug)]
pub(crate) struct StatusHeader {
    pub(crate) uid: Uid,
    pub(crate) observed_generation: u64,
    pub(crate) unknown: Unknown,
}

impl StatusHeader {
    pub(super) const FIELDS: &[&str] = &["f", "uid", "observed_generation"];
}

impl Serialize for StatusHeader {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("f", &FORMAT)?;
        map.serialize_entry("uid", &Text(self.uid))?;
        map.serialize_entry("observed_generation", &self.observed_generation)?;
        for (name, value) in &self.unknown {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A uid as its text.
struct Text(Uid);

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A record's value: the header line, a newline, the payload as it is.
pub(crate) fn encode(header: &impl Serialize, payload: &str) -> bytes::Bytes {
    let mut value = Vec::with_capacity(256 + payload.len());
    serde_json::to_writer(&mut value, header).expect("a header is plain text and numbers");
    value.push(b'\n');
    value.extend_from_slice(payload.as_bytes());
    value.into()
}
