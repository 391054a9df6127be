//! The time that one question has, whatever it is spent on.

use std::time::Duration;

use trimtab_seams::{Instant, Seams};

/// A question's time: from now, for so long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds<'a> {
    pub(super) seams: &'a Seams,
    deadline: Instant,
    time: Duration,
}

impl<'a> Bounds<'a> {
    pub(super) fn new(seams: &'a Seams, time: Duration) -> Self {
        Self { seams, deadline: seams.now() + time, time }
    }

    /// What is left.
    pub(super) fn left(&self) -> Duration {
        let now = self.seams.now();
        if now < self.deadline { self.deadline - now } else { Duration::ZERO }
    }

    /// What comes of a future, as long as there is time. The error says what was not done within it, in the words of `what`.
    pub(super) async fn limit<T>(&self, what: &str, future: impl Future<Output = T>) -> Result<T, String> {
        tokio::select! {
            biased;
            done = future => Ok(done),
            () = self.seams.sleep_until(self.deadline) => {
                Err(format!("{what} within {:?}; raise `timeout`, or let the server do less in one run", self.time))
            }
        }
    }
}
