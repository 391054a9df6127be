//! How many files the daemon may have open.
//!
//! A shell's usual 1,024 are soon used up by watchers and scripts, and every connection above them is refused. The hard limit is what the system allows anyway. Programs
//! that the daemon starts inherit the raised limit: lowering it again between fork and exec would need unsafe code, and only a program that uses `select` on more than a
//! thousand files of its own would notice.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one.
pub(super) fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!(%error, "the number of open files stays limited to {current:?}");
    }
}

/// How many files may be open at once.
pub(super) fn current() -> usize {
    let current = getrlimit(Resource::Nofile).current;
    current.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}
