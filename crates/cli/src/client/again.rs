//! Asking again where nothing was done and the daemon says when.
//!
//! While the servers of a store choose a leader, or the daemon has too much to do, a request is answered by 503 or 429 and `Retry-After`: nothing was done. Whoever
//! typed a command would only type it again. A daemon that names a longer wait, as on a full disk, needs somebody to act, who is told at once.

use std::time::Duration;

use trimtab::seams::{Instant, Seams};
use ureq::http::HeaderMap;

/// For so long in all: what an election takes, with room.
const PATIENCE: Duration = Duration::from_secs(15);
/// A wait that nobody minds.
const SHORT: Duration = Duration::from_secs(2);

/// One request, asked as often as it takes.
pub(super) struct Again<'a> {
    seams: &'a Seams,
    until: Instant,
}

impl<'a> Again<'a> {
    pub(super) fn new(seams: &'a Seams) -> Self {
        Self { seams, until: seams.now() + PATIENCE }
    }

    /// Whether to ask again; it has been waited then. Blocks the thread.
    pub(super) fn after(&self, status: u16, headers: &HeaderMap) -> bool {
        let wait = wait_of(status, headers);
        let wait = wait.filter(|wait| *wait <= SHORT && self.seams.now() + *wait < self.until);
        wait.is_some_and(|wait| {
            // Not all who were turned away at one moment come back at one moment.
            rest(self.seams, wait / 2 + self.seams.random_below(wait))
        })
    }
}

/// How long to wait before asking again; none where that makes no sense.
fn wait_of(status: u16, headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get("retry-after")?.to_str().ok()?.parse().ok()?;
    matches!(status, 429 | 503).then_some(Duration::from_secs(seconds))
}

/// False: this thread cannot wait.
fn rest(seams: &Seams, time: Duration) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.map(|runtime| runtime.block_on(seams.sleep(time))).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_did_nothing_and_names_a_time_is_asked_again() {
        let headers = |wait: &str| -> HeaderMap {
            [("retry-after".parse().unwrap(), wait.parse().unwrap())].into_iter().collect()
        };
        assert_eq!(wait_of(503, &headers("1")), Some(Duration::from_secs(1)));
        assert_eq!(wait_of(429, &headers("0")), Some(Duration::ZERO));
        assert_eq!(wait_of(503, &HeaderMap::new()), None);
        assert_eq!(wait_of(503, &headers("Fri, 31 Dec 1999 23:59:59 GMT")), None);
        assert_eq!(wait_of(500, &headers("1")), None, "it may have been done");
    }
}
