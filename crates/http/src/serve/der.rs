//! When a certificate ends: the one field of it that is looked at, read from its DER.
//!
//! A parser of X.509 would be twenty crates for one date.

use std::time::{Duration, SystemTime};

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, the version, which may be left out.
const VERSION: u8 = 0xa0;

/// The end of a certificate's validity; none when it cannot be read.
pub(super) fn not_after(certificate: &[u8]) -> Option<SystemTime> {
    let (_, certificate, _) = element(certificate, SEQUENCE)?;
    let (_, mut rest, _) = element(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = any(rest)?.2;
    }
    // Serial number, signature, issuer.
    for _ in 0..3 {
        rest = any(rest)?.2;
    }
    let (_, validity, _) = element(rest, SEQUENCE)?;
    let (_, _, after) = any(validity)?;
    let (tag, time, _) = any(after)?;
    let digits: Vec<u64> = time
        .strip_suffix(b"Z")?
        .iter()
        .map(|digit| char::from(*digit).to_digit(10).map(u64::from))
        .collect::<Option<_>>()?;
    let (year, rest) = match tag {
        // Two digits: from 1950 to 2049.
        UTC_TIME => match number(digits.get(..2)?) {
            year @ 50.. => (1900 + year, digits.get(2..)?),
            year => (2000 + year, digits.get(2..)?),
        },
        GENERALIZED_TIME => (number(digits.get(..4)?), digits.get(4..)?),
        _ => return None,
    };
    let [month, day, hour, minute, second] =
        <[u64; 5]>::try_from(rest.chunks(2).map(number).collect::<Vec<_>>()).ok()?;
    let days = days_before(year, month)? + day.checked_sub(1)?;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn number(digits: &[u64]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + digit)
}

/// Days from 1970 to the first of a month.
fn days_before(year: u64, month: u64) -> Option<u64> {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let years: u64 = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum();
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = lengths.get(..usize::try_from(month.checked_sub(1)?).ok()?)?;
    (year >= 1970 && month <= 12).then(|| years + before.iter().sum::<u64>())
}

/// The next element: its tag, its content, what follows.
fn any(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        short @ 0..0x80 => (usize::from(*short), rest),
        long => {
            let (digits, rest) = rest
                .split_at_checked(usize::from(long & 0x7f))
                .filter(|(digits, _)| (1..=4).contains(&digits.len()))?;
            (digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn element(bytes: &[u8], wanted: u8) -> Option<(u8, &[u8], &[u8])> {
    any(bytes).filter(|(tag, ..)| *tag == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read_in_both_forms_of_time() {
        for (year, seconds) in [(2031, 1_928_275_200), (2051, 2_559_427_200)] {
            let mut parameters = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
            parameters.not_after = rcgen::date_time_ymd(year, 2, 8);
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate = parameters.self_signed(&key).unwrap();
            let wanted = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(not_after(certificate.der()), Some(wanted), "{year}");
        }
    }

    #[test]
    fn what_is_no_certificate_ends_never() {
        for bytes in
            [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80\x00", b"not DER at all", &[0x30; 64]]
        {
            assert_eq!(not_after(bytes), None);
        }
    }
}
