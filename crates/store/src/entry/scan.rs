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
    plain(line).map_or_else(|| scan(line), Ok)
}

/// Reads the header of an entry without lists as this release writes it: what a follower is told most, at a tenth of the cost. None for anything else.
fn plain(line: &str) -> Option<SpecScan> {
    let (uid, rest) = line.strip_prefix(r#"{"f":1,"uid":""#)?.split_at_checked(36)?;
    let (generation, rest) = rest.strip_prefix(r#"","generation":"#)?.split_once(',')?;
    let created_at = rest.strip_prefix(r#""created_at":""#)?.strip_suffix(r#""}"#)?;
    // JSON has no sign before and no zeros in front of a number.
    if !generation.starts_with(|digit: char| matches!(digit, '1'..='9')) {
        return None;
    }
    Some(SpecScan {
        f: 1,
        uid: uid.parse().ok()?,
        generation: generation.parse().ok()?,
        created_at: created_at.parse().ok()?,
        labels: None,
        owners: None,
        finalizers: None,
        deleted: None,
        origin: None,
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::header::{SpecHeader, encode};

    const UID: &str = "00000000-0000-4000-8000-00000000000a";

    fn told(scan: &SpecScan) -> (Uid, u64, Timestamp, bool) {
        (scan.uid, scan.generation, scan.created_at, scan.has_lists() || scan.deleted.is_some())
    }

    #[test]
    fn the_short_way_reads_what_the_write_door_writes() {
        let header = SpecHeader::born(UID.parse().expect("a uid"), std::time::SystemTime::UNIX_EPOCH.into());
        let value = encode(&header, "{}");
        let line = value.split(|byte| *byte == b'\n').next().expect("a first line");
        assert!(plain(str::from_utf8(line).expect("text")).is_some());
    }

    #[test]
    fn the_short_way_reads_what_the_long_way_reads() {
        for generation in [1, 9, 10, u64::MAX] {
            for created_at in ["2026-03-01T00:00:00.000Z", "1970-01-01T00:00:00.001Z"] {
                let line = format!(
                    r#"{{"f":1,"uid":"{UID}","generation":{generation},"created_at":"{created_at}"}}"#
                );
                let (short, long) = (plain(&line), scan::<SpecScan>(&line));
                assert_eq!(short.as_ref().map(told), long.as_ref().ok().map(told), "{line}");
                assert!(short.is_some(), "{line}");
            }
        }
    }

    /// What is not as this release writes it goes the long way, which judges it.
    #[test]
    fn the_short_way_takes_nothing_that_it_does_not_know() {
        let known =
            format!(r#"{{"f":1,"uid":"{UID}","generation":7,"created_at":"2026-03-01T00:00:00.000Z"}}"#);
        let others = [
            known.replace(r#""f":1"#, r#""f":2"#),
            known.replace(":7,", ":+7,"),
            known.replace(":7,", ":07,"),
            known.replace(":7,", ":7.0,"),
            known.replace(":7,", ": 7,"),
            known.replace("000a", "00é"),
            known.replace(".000Z\"", ".000Z\",\"labels\":{}"),
            known.replace(".000Z\"", ".000Z\",\"deleted\":null"),
            known.replace(".000Z\"", ".000Z\",\"colour\":\"Z\""),
            known.replace("created_at", "created"),
            known.replace('}', ""),
            format!("{known} "),
            String::new(),
        ];
        assert!(plain(&known).is_some());
        for other in others {
            assert!(plain(&other).is_none(), "{other}");
        }
    }
}
