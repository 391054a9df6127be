//! A time of day, as it is kept in records and shown to people.
//!
//! `SystemTime` has no text form, and a crate for calendars would be the largest thing this one depends on. One form is written, RFC
//! 3339 in UTC with milliseconds, so that times compare as text; every RFC 3339 form is read.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const DAY: i64 = 86_400;

/// A wall-clock time of millisecond precision, years 0 to 9999. For people and for records: nothing is scheduled by it.
///
/// ```
/// use trimtab_store::Timestamp;
///
/// let time: Timestamp = "2026-03-01T12:30:00.250+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-03-01T11:30:00.250Z");
/// # Ok::<(), trimtab_store::TimestampError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Milliseconds since 1970, before it negative.
    millis: i64,
}

/// A text that is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time such as 2026-03-01T12:30:00Z")]
pub struct TimestampError(String);

/// 0000-01-01 and 9999-12-31T23:59:59.999.
const RANGE: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

impl Timestamp {
    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.millis.saturating_sub(earlier.millis)).unwrap_or(0))
    }
}

impl From<SystemTime> for Timestamp {
    /// Cut to milliseconds, and to the years that have four digits.
    fn from(time: SystemTime) -> Self {
        let millis = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |before| -before),
        };
        Self { millis: millis.clamp(*RANGE.start(), *RANGE.end()) }
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let distance = Duration::from_millis(time.millis.unsigned_abs());
        if time.millis < 0 { Self::UNIX_EPOCH - distance } else { Self::UNIX_EPOCH + distance }
    }
}

/// Days since 1970 of a date of the Gregorian calendar. Years begin in March here, so that the leap day is the last of its year.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970: the inverse of [`days`].
const fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + if month <= 2 { 1 } else { 0 }, month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.millis.div_euclid(1_000), self.millis.rem_euclid(1_000));
        let (year, month, day) = date(seconds.div_euclid(DAY));
        let of_day = seconds.rem_euclid(DAY);
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        // Digit by digit: the door writes one into every record, and seven padded numbers cost seven times as much.
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let numbers =
            [(year, 4), (month, 7), (day, 10), (hour, 13), (minute, 16), (second, 19), (millis, 23)];
        for (mut number, end) in numbers {
            for digit in text[..end].iter_mut().rev() {
                if number == 0 {
                    break;
                }
                *digit += u8::try_from(number % 10).unwrap_or(0);
                number /= 10;
            }
        }
        f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A number of exactly these digits, within a range.
fn number(text: &[u8], range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let digits = text
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))?;
    range.contains(&digits).then_some(digits)
}

fn parse(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(19)?;
    let marks = [(4, b"-"), (7, b"-"), (10, b"Tt "), (13, b":"), (16, b":")] as [(usize, &[u8]); 5];
    if marks.iter().any(|(at, allowed)| !allowed.contains(&date[*at])) {
        return None;
    }
    let (year, month) = (number(&date[..4], 0..=9_999)?, number(&date[5..7], 1..=12)?);
    let day = number(&date[8..10], 1..=31)?;
    let days = days(year, month, day);
    if self::date(days) != (year, month, day) {
        return None;
    }
    // A leap second counts as the second after it.
    let seconds = number(&date[11..13], 0..=23)? * 3_600
        + number(&date[14..16], 0..=59)? * 60
        + number(&date[17..19], 0..=60)?;
    let (millis, zone) = fraction(rest)?;
    let offset = match zone {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let minutes = number(&[*h1, *h2], 0..=23)? * 60 + number(&[*m1, *m2], 0..=59)?;
            if *sign == b'+' { minutes * 60 } else { -minutes * 60 }
        }
        _ => return None,
    };
    let millis = (days * DAY + seconds - offset) * 1_000 + millis;
    RANGE.contains(&millis).then_some(millis)
}

/// The milliseconds of an optional fraction (finer digits are cut off), and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(after) = text.strip_prefix(b".") else { return Some((0, text)) };
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let millis = (0..3).fold(0, |millis, at| {
        let digit = if at < digits { after[at] - b'0' } else { 0 };
        millis * 10 + i64::from(digit)
    });
    (digits > 0).then(|| (millis, &after[digits..]))
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        parse(text.as_bytes()).map(|millis| Self { millis }).ok_or_else(|| TimestampError(text.into()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as 2026-03-01T12:30:00Z")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_is_written_in_one_form_and_read_in_all() {
        let at = |text: &str| text.parse::<Timestamp>().map(|time| time.to_string());
        for (text, same) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
            ("2000-02-29t23:59:59.9z", "2000-02-29T23:59:59.900Z"),
            ("2024-12-31 23:30:00.1239-01:00", "2025-01-01T00:30:00.123Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(at(text).as_deref(), Ok(same));
        }
        for wrong in [
            "",
            "2024",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00+1:00",
            "2024-01-01X00:00:00Z",
            "0000-01-01T00:00:00+00:01",
            "2024-01-01T00:00:00Zé",
        ] {
            assert!(at(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_time_survives_its_text_and_sorts_as_it(a in RANGE, b in RANGE) {
            let [a, b] = [Timestamp { millis: a }, Timestamp { millis: b }];
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(Timestamp::from(SystemTime::from(a)), a);
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9TtZz:.+ -]{0,40}|.{0,30}") {
            let _: Result<Timestamp, _> = text.parse();
        }
    }
}
