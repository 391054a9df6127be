//! Reading the header line of a record as it arrives, without a single allocation.
//!
//! Everything is looked at, so that a malformed header is found when its record arrives and never later; only the numbers are kept. What
//! takes memory - labels, owners, finalizers - is decoded from the same line when first asked for.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use trimtab_backend::Uid;

use super::owner::uid_text;
use super::{DecodeProblem, Deletion, Timestamp};

/// The newest format of the header lines that is known here.
pub(super) const FORMAT: u32 = 1;

/// What a spec header says, but for its lists.
#[derive(serde::Deserialize)]
pub(super) struct SpecScan {
    f: u32,
    #[serde(with = "uid_text")]
    pub(super) uid: Uid,
    pub(super) generation: u64,
    pub(super) created_at: Timestamp,
    #[serde(default)]
    labels: Option<Pairs>,
    #[serde(default)]
    owners: Option<Each<OwnerScan>>,
    #[serde(default)]
    finalizers: Option<Each<Text>>,
    #[serde(default)]
    pub(super) deleted: Option<Deletion>,
    #[serde(default)]
    origin: Option<Text>,
}

impl SpecScan {
    /// Whether there is anything that takes memory.
    pub(super) const fn has_lists(&self) -> bool {
        self.labels.is_some() || self.owners.is_some() || self.finalizers.is_some() || self.origin.is_some()
    }
}

/// What a status header says.
#[derive(serde::Deserialize)]
pub(super) struct StatusScan {
    f: u32,
    #[serde(with = "uid_text")]
    pub(super) uid: Uid,
    pub(super) observed_generation: u64,
}

#[derive(serde::Deserialize)]
struct OwnerScan {
    #[serde(rename = "kind")]
    _kind: Text,
    #[serde(rename = "name")]
    _name: Text,
    #[serde(rename = "uid", with = "uid_text")]
    _uid: Uid,
}

/// A header that tells its format.
trait Formatted {
    fn format(&self) -> u32;
}

impl Formatted for SpecScan {
    fn format(&self) -> u32 {
        self.f
    }
}

impl Formatted for StatusScan {
    fn format(&self) -> u32 {
        self.f
    }
}

/// Reads the header of a spec record.
pub(super) fn spec(line: &str) -> Result<SpecScan, DecodeProblem> {
    scan(line)
}

/// Reads the header of a status record.
pub(super) fn status(line: &str) -> Result<StatusScan, DecodeProblem> {
    scan(line)
}

fn scan<'a, T: Formatted + Deserialize<'a>>(line: &'a str) -> Result<T, DecodeProblem> {
    #[derive(serde::Deserialize)]
    struct Format {
        f: u32,
    }
    let newer = |found| DecodeProblem::NewerFormat { found, known: FORMAT };
    match serde_json::from_str::<T>(line) {
        Ok(scan) if scan.format() > FORMAT => Err(newer(scan.format())),
        Ok(scan) => Ok(scan),
        // A newer format may look otherwise: what can be read of it is its number.
        Err(error) => match serde_json::from_str::<Format>(line) {
            Ok(Format { f }) if f > FORMAT => Err(newer(f)),
            _ => Err(DecodeProblem::Header(error.to_string())),
        },
    }
}

/// Text that is looked at and let go.
struct Text;

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E: de::Error>(self, _: &str) -> Result<Text, E> {
                Ok(Text)
            }
        }
        deserializer.deserialize_str(Any)
    }
}

/// A list whose elements are looked at and let go.
struct Each<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Each<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for All<T> {
            type Value = Each<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Each<T>, A::Error> {
                while seq.next_element::<T>()?.is_some() {}
                Ok(Each(PhantomData))
            }
        }
        deserializer.deserialize_seq(All(PhantomData))
    }
}

/// A map from text to text that is looked at and let go.
struct Pairs;

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of text")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                while map.next_entry::<Text, Text>()?.is_some() {}
                Ok(Pairs)
            }
        }
        deserializer.deserialize_map(All)
    }
}
