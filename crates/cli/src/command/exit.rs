//! How a command ends.

use std::process::ExitCode;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It is done.
    Done,
    /// It failed; what failed stands on standard error.
    Failed,
    /// It was asked for in a way that makes no sense. The parser of arguments ends with the same code.
    Usage,
    /// An entry, a kind or a controller that was named is not there.
    NotFound,
    /// Somebody else wrote first, or a condition did not hold.
    Conflict,
    /// The daemon cannot be reached, or does not answer.
    Unreachable,
    /// It was not done in the time it was given.
    TimedOut,
}

impl Exit {
    /// Of two things that were done, how the worse ended.
    pub(crate) fn worst(self, other: Self) -> Self {
        const BY_WEIGHT: [Exit; 7] = [
            Exit::Done,
            Exit::NotFound,
            Exit::Conflict,
            Exit::Failed,
            Exit::TimedOut,
            Exit::Usage,
            Exit::Unreachable,
        ];
        let weight = |exit| BY_WEIGHT.iter().position(|known| *known == exit);
        if weight(other) > weight(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotFound => 3,
            Exit::Conflict => 4,
            Exit::Unreachable => 5,
            Exit::TimedOut => 124,
        })
    }
}
