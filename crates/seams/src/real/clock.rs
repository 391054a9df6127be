//! The operating system's clocks.

use std::sync::OnceLock;
use std::time::SystemTime;

use super::timer_thread::ThreadTimer;
use crate::{Clock, Instant, Timer};

/// The monotonic clock since the first look at it in this process.
#[derive(Debug)]
pub(crate) struct RealClock;

static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();

#[expect(clippy::disallowed_methods, reason = "the one home of the monotonic clock")]
fn system_now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Nanoseconds since the first call.
pub(crate) fn now() -> Instant {
    let origin = *ORIGIN.get_or_init(system_now);
    Instant::ORIGIN + system_now().saturating_duration_since(origin)
}

impl Clock for RealClock {
    fn now(&self) -> Instant {
        now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one home of the time of day")]
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn timer(&self) -> Box<dyn Timer> {
        Box::new(ThreadTimer::new())
    }
}
