//! `Retry-After`: a number of seconds, or a date.

use std::time::{Duration, SystemTime};

/// Nobody is put off for longer.
const MOST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait; none when it is neither.
pub(super) fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds).min(MOST));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(now).unwrap_or_default().min(MOST))
}

#[test]
fn both_forms_are_read_and_bounded() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
    assert_eq!(retry_after("99999999", now), Some(MOST));
    assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
    assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now), Some(Duration::ZERO), "it is past");
    for wrong in ["", "soon", "-1", "1.5"] {
        assert_eq!(retry_after(wrong, now), None, "{wrong}");
    }
}
