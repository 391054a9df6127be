//! What scripts must not inherit, settled once for the whole process before it has threads.
//!
//! Doing this between fork and exec would need unsafe code. The umask and the close-on-exec flags are inherited, so the daemon sets its own: what it opens itself is
//! closed at exec already (the standard library sees to that), and what it was started with is marked here.

use rustix::fs::Mode;

/// The first descriptor beside standard input, output and error.
const FIRST: i32 = 3;

/// From now on, files that are made are the owner's alone, and no descriptor but 0 to 2 reaches a script.
pub(super) fn isolate() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    close_fds::set_fds_cloexec(FIRST, &[]);
}
