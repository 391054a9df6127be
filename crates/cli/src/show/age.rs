//! Spans of time, for people.

use std::time::{Duration, SystemTime};

use trimtab::store::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// `12s`, `5m`, `3h`, `4d`: for a column.
pub(crate) fn age(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / MINUTE),
        7200..172_800 => format!("{}h", seconds / HOUR),
        _ => format!("{}d", seconds / DAY),
    }
}

/// How long ago a time was, for a column; as it stands when it is none.
pub(crate) fn ago(time: &str, now: SystemTime) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => age(Timestamp::from(now).since(time)),
        Err(_) => time.into(),
    }
}

/// When a time will be: `in 12 s`, `now`.
pub(crate) fn ahead(time: &str, now: SystemTime) -> String {
    let Ok(time) = time.parse::<Timestamp>() else { return time.into() };
    let left = time.since(Timestamp::from(now));
    match left.as_secs() {
        0 if left.is_zero() => "now".into(),
        0 => format!("in {} ms", left.as_millis()),
        seconds @ 1..120 => format!("in {seconds} s"),
        seconds @ 120..7200 => format!("in {} min", seconds / MINUTE),
        seconds @ 7200..172_800 => format!("in {} h", seconds / HOUR),
        seconds => format!("in {} days", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_the_unit_that_fits() {
        for (seconds, wanted) in
            [(0, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (172_800, "2d")]
        {
            assert_eq!(age(Duration::from_secs(seconds)), wanted);
        }
    }

    #[test]
    fn a_time_is_told_from_now() {
        let now = SystemTime::from("2026-03-01T12:00:00Z".parse::<Timestamp>().unwrap());
        assert_eq!(ago("2026-03-01T11:59:50.000Z", now), "10s");
        assert_eq!(ago("2026-03-01T12:00:01.000Z", now), "0s", "clocks differ");
        assert_eq!(ago("some day", now), "some day");
        assert_eq!(ahead("2026-03-01T12:00:12.400Z", now), "in 12 s");
        assert_eq!(ahead("2026-03-01T12:00:00.250Z", now), "in 250 ms");
        assert_eq!(ahead("2026-03-01T12:05:00.000Z", now), "in 5 min");
        assert_eq!(ahead("2026-03-01T11:00:00.000Z", now), "now");
    }
}
