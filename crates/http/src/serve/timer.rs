//! hyper's timers, on the seams' clock.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use trimtab_seams::Seams;

/// Makes hyper's timers.
pub(super) struct HyperTimer(pub(super) Seams);

/// A sleep that may be shared, as hyper wants it, and never is.
struct Shareable(parking_lot::Mutex<trimtab_seams::Sleep>);

impl Future for Shareable {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(self.0.get_mut()).poll(cx)
    }
}

impl Sleep for Shareable {}

impl Timer for HyperTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(Shareable(parking_lot::Mutex::new(self.0.sleep(duration))))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(deadline.saturating_duration_since(self.now()))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "hyper speaks of the system's instants; only their differences are used"
    )]
    fn now(&self) -> Instant {
        Instant::now()
    }
}
