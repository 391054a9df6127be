//! What the two records of a lease say.
//!
//! They are records of an entry like any other, so that tools that read entries read leases too. The payload is written in one form, and
//! only that form is read; what anybody else wrote there counts as a holder that is not known and does not beat. A JSON library for these
//! two lines was no choice in the crate that every backend depends on.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::{Record, Uid};

/// One term of a lease: what its epoch record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// Who holds it; nobody once it is released.
    pub(super) holder: Option<String>,
    /// Drawn at acquire, so that an older store that was put back is told from the one it replaced (contract L1).
    pub(super) nonce: u128,
    /// How long its records must stand still before another takes over.
    pub(super) ttl: Duration,
    /// What the holder says of itself: JSON.
    pub(super) about: Option<String>,
}

impl Term {
    /// The term of an epoch record, when it is of the form written here.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let payload = std::str::from_utf8(Record::payload_of(&record.value)).ok()?;
        let (holder, rest) = payload.strip_prefix("{\"holder\":")?.split_once(",\"nonce\":\"")?;
        let (nonce, rest) = rest.split_once("\",\"ttl_ms\":")?;
        let holder = match holder {
            "null" => None,
            named => Some(named.strip_prefix('"')?.strip_suffix('"')?.into()),
        };
        let nonce = u128::from_str_radix(nonce, 16).ok()?;
        let rest = rest.strip_suffix('}')?;
        let (ttl, about) = match rest.split_once(",\"about\":") {
            Some((ttl, about)) => (ttl, Some(about.into())),
            None => (rest, None),
        };
        let ttl = Duration::from_millis(ttl.parse().ok()?);
        Some(Self { holder, nonce, ttl, about })
    }

    /// The value of the epoch record, under the header line that is there: it is kept as it is, labels and all, through every term.
    pub(super) fn value(&self, header: &Header) -> Bytes {
        let holder = self.holder.as_ref().map_or("null".into(), |holder| format!("\"{holder}\""));
        let (nonce, ttl) = (self.nonce, self.ttl.as_millis());
        let about = self.about.as_ref().map(|about| format!(",\"about\":{about}")).unwrap_or_default();
        let payload = format!("{{\"holder\":{holder},\"nonce\":\"{nonce:032x}\",\"ttl_ms\":{ttl}{about}}}");
        format!("{}\n{payload}", header.0).into()
    }

    /// The value of the beat record.
    pub(super) fn beat(&self, header: &Header) -> Bytes {
        let uid = header.uid().unwrap_or_default();
        let header = format!("{{\"f\":1,\"uid\":\"{uid}\",\"observed_generation\":1}}");
        format!("{header}\n{{\"nonce\":\"{:032x}\"}}", self.nonce).into()
    }
}

/// The header line of a lease's epoch record.
#[derive(Clone, Debug)]
pub(super) struct Header(String);

impl Header {
    /// That of a lease which is acquired for the first time.
    pub(super) fn born(uid: Uid, wall: SystemTime) -> Self {
        let created_at = rfc3339(wall);
        Self(format!("{{\"f\":1,\"uid\":\"{uid}\",\"generation\":1,\"created_at\":\"{created_at}\"}}"))
    }

    /// That of a record, when it is the header of an entry.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let line = record.value.split(|&byte| byte == b'\n').next()?;
        let header = Self(std::str::from_utf8(line).ok()?.into());
        header.uid()?.parse::<Uid>().ok()?;
        Some(header)
    }

    fn uid(&self) -> Option<&str> {
        self.0.split_once("\"uid\":\"")?.1.get(..36)
    }
}

/// A time of day in UTC to the second.
fn rfc3339(wall: SystemTime) -> String {
    let seconds = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March here, so that the leap day is the last of its year; the era of 400 years begins at 0000-03-01.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let mut text = format!("{year:04}-{month:02}-{day:02}");
    let (hours, minutes, seconds) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    write!(text, "T{hours:02}:{minutes:02}:{seconds:02}Z").expect("a text takes what is written to it");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Index, Part};

    fn record(value: Bytes) -> Record {
        let (key, part) = (super::super::key_of("a"), Part::Spec);
        Record { key, part, value, created: Index::ZERO, version: Index::ZERO }
    }

    #[test]
    fn a_term_is_read_as_it_was_written() {
        let header = Header::born(Uid::from_random([7; 16]), SystemTime::UNIX_EPOCH);
        for holder in [Some("host-1:{\"".replace('"', "'")), Some("null".into()), None] {
            for about in [None, Some(r#"{"api":"http://a,\"about\":}"}"#.into())] {
                let (nonce, ttl) = (1 << 100, Duration::from_secs(10));
                let term = Term { holder: holder.clone(), nonce, ttl, about };
                let record = record(term.value(&header));
                assert_eq!(Term::of(&record), Some(term));
                assert_eq!(Header::of(&record).expect("a header").0, header.0);
            }
        }
    }

    #[test]
    fn what_others_wrote_is_no_term_and_does_not_panic() {
        for value in [
            "",
            "{}",
            "{}\n",
            "{\"uid\":\"\u{1f600}\"}\n{\"holder\":\"a",
            "{}\n{\"holder\":\"a\",\"nonce\":\"g\",\"ttl_ms\":1}",
            "{}\n{\"holder\":\"a\",\"nonce\":\"1\",\"ttl_ms\":1,\"about\":",
            "{}\n{\"holder\":\"a\",\"nonce\":\"1\",\"ttl_ms\":1,\"other\":{}}",
        ] {
            let record = record(value.to_string().into());
            assert_eq!(Term::of(&record), None, "{value}");
            assert!(Header::of(&record).is_none(), "{value}");
        }
    }

    #[test]
    fn times_are_written_as_rfc_3339() {
        let at = |seconds| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(1_767_225_599), "2025-12-31T23:59:59Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
