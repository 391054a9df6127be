//! The one who has the log open, and what became of it.
//!
//! A disk without space is a state that passes: redb refuses to go on after any failed write, so the file is let go of, opened again
//! after a while, and the log goes on behind the last commit that was answered for. A failed sync does not pass: the kernel may have dropped what it
//! could not write and report success the next time, so nothing is written until the process has been started anew and has read what there is.

use std::time::Duration;

use trimtab_backend::{CommitError, Index, Staged, Why};
use trimtab_seams::Instant;

use crate::OpenError;
use crate::core::Core;
use crate::disk::{LogFile, LogReader, WriteError};

/// How long to wait for space at first, and at most. Each attempt opens the log, which takes about 0.2 s for 100 MiB.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

#[derive(Debug)]
pub(crate) struct Writer {
    state: State,
    /// How long to wait for space the next time there is none.
    patience: Duration,
}

#[derive(Debug)]
enum State {
    Ready(LogFile),
    /// There was no space; the log is let go of until then.
    Full(Instant),
    Shut,
}

/// Why a group was not written.
pub(crate) enum NotWritten {
    /// Certainly not; this is the answer.
    Certainly(CommitError),
    /// Nobody knows. This is the answer to whatever comes after it.
    Perhaps(CommitError),
}

impl Writer {
    pub(crate) const fn new(log: LogFile) -> Self {
        Self { state: State::Ready(log), patience: PATIENCE.0 }
    }

    /// Makes ready to write, or tells why that cannot be.
    pub(crate) fn ready(&mut self, core: &Core) -> Result<(), CommitError> {
        match self.state {
            State::Shut => Err(CommitError::Unavailable { why: Why::Unreachable, retry_after: None }),
            _ if core.broken().is_some() => Err(core.broken_error()),
            State::Ready(_) => Ok(()),
            State::Full(again_at) if core.seams().now() < again_at => Err(full_until(core, again_at)),
            State::Full(_) => self.open_again(core),
        }
    }

    fn open_again(&mut self, core: &Core) -> Result<(), CommitError> {
        let head = core.records().head().index;
        match LogFile::open(core.files()) {
            Ok((log, _)) if log.last() < head => {
                let (path, last) = (log.path().display(), log.last());
                Err(core
                    .break_down(format!("`{path}` ends at {last}, and had {head} before the disk was full")))
            }
            Ok((mut log, _)) => {
                log.end_at(head);
                core.checkpoints().read_through(log.reader());
                self.state = State::Ready(log);
                Ok(())
            }
            Err(OpenError::Full { .. }) => Err(self.wait(core)),
            Err(error) => Err(core.break_down(error.to_string())),
        }
    }

    /// Writes and syncs; gives the bytes that the log grew by. Rows of the log up to `trim` may go.
    pub(crate) fn append(&mut self, core: &Core, staged: &Staged, trim: Index) -> Result<u64, NotWritten> {
        let State::Ready(log) = &mut self.state else {
            return Err(NotWritten::Certainly(
                core.break_down("the log was written before it was open".into()),
            ));
        };
        match log.append(staged, trim) {
            Ok(bytes) => {
                self.patience = PATIENCE.0;
                Ok(bytes)
            }
            Err(WriteError::Full) => Err(NotWritten::Certainly(self.wait(core))),
            Err(WriteError::Refused(what)) => Err(NotWritten::Certainly(core.break_down(what))),
            Err(WriteError::Open(what)) => Err(NotWritten::Perhaps(core.break_down(what))),
        }
    }

    /// Lets go of the log for lack of space.
    fn wait(&mut self, core: &Core) -> CommitError {
        core.checkpoints().read_through(LogReader::default());
        let again_at = core.seams().now() + self.patience;
        self.state = State::Full(again_at);
        self.patience = (self.patience * 2).min(PATIENCE.1);
        full_until(core, again_at)
    }

    /// Trims the log and lets go of it for good.
    pub(crate) fn shut(&mut self, trim: Option<Index>) {
        if let (State::Ready(log), Some(trim)) = (&mut self.state, trim)
            && let Err(error) = log.trim(trim)
        {
            tracing::warn!(file = %log.path().display(), ?error, "failed to trim the log; it is trimmed later");
        }
        self.state = State::Shut;
    }
}

fn full_until(core: &Core, again_at: Instant) -> CommitError {
    CommitError::Unavailable { why: Why::Full, retry_after: Some(again_at - core.seams().now()) }
}
