//! The time that the test, its replicas and their scripts share: that since the machine has started.

use std::fmt;
use std::time::Duration;

/// A point in time, in milliseconds, of which the kernel tells tens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    /// Read where a shell can read it too.
    pub(crate) fn now() -> Self {
        let uptime = std::fs::read_to_string("/proc/uptime").expect("a Linux machine");
        Self::read(&uptime).expect("seconds")
    }

    /// The first word, in seconds.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (seconds, hundredths) = text.split_whitespace().next()?.split_once('.')?;
        Some(Self(seconds.parse::<u64>().ok()? * 1000 + hundredths.parse::<u64>().ok()? * 10))
    }

    /// None when that is later.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Self;
    fn add(self, time: Duration) -> Self {
        Self(self.0 + u64::try_from(time.as_millis()).expect("a short time"))
    }
}

impl std::ops::Sub<Duration> for Moment {
    type Output = Self;
    fn sub(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(time.as_millis()).expect("a short time")))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 1000, self.0 % 1000 / 10)
    }
}
