//! How a command ends.

use std::process::ExitCode;

/// The exit codes, those that this version can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It is done.
    Done,
    /// It failed; what failed stands on standard error.
    Failed,
    /// It was not done in the time it was given.
    TimedOut,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::TimedOut => 124,
        })
    }
}
