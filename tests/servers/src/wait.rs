//! Waiting for something outside the process, with a bound.

use std::time::Duration;

use trimtab_seams::Seams;

/// Asks every 10 ms whether it has come. Whether it has within `bound`.
pub fn until(bound: Duration, mut come: impl FnMut() -> bool) -> bool {
    let seams = Seams::tokio();
    let end = seams.now() + bound;
    loop {
        if come() {
            return true;
        }
        if seams.now() >= end {
            return false;
        }
        pause(Duration::from_millis(10));
    }
}

/// Blocks the thread.
#[expect(clippy::disallowed_methods, reason = "a server is another process: only real time passes for it")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}
