//! Starting a script, feeding it, bounding it, ending it.
//!
//! A script runs in a process group of its own, so that what it forks ends with it: when its main process ends, or when its time is up, the group is
//! told to end (SIGTERM) and two seconds later made to (SIGKILL). A child that makes a session of its own (`setsid`) escapes; nobody
//! waits for it. Output is read as it comes and never beyond its bound, so no script can fill the daemon's memory.

use std::pin::pin;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};
use trimtab_seams::Seams;

use super::group::{GRACE, signal};
use super::start::{RunFailed, Started, start};
use super::stderr::{Lines, read_lines};
use super::{About, Groups, Stay};
use crate::Program;
use crate::protocol::MOST_OUTPUT;
use crate::trace;

/// How long the pipes of a group that was killed are still read. Only a process that left the group can hold them longer.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// A program that is run once for each question.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    pub(crate) program: Program,
    /// Where the groups of its runs are entered.
    pub(crate) groups: Groups,
}

/// How a run of a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) how: How,
    /// Everything it printed to standard output, at most [`MOST_OUTPUT`].
    pub(crate) output: Vec<u8>,
    /// The last lines of standard error.
    pub(crate) last_words: String,
}

/// The manner of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// With this code.
    Exited(i32),
    /// By this signal, which was not ours.
    Signalled(i32),
    /// Its time was up.
    TimedOut,
    /// It printed more than [`MOST_OUTPUT`].
    TooMuchOutput,
}

impl Runner {
    /// Runs it once: `input` on standard input, what it is about added to its environment. Each line of standard error goes to `on_line` as it comes.
    ///
    /// Dropping the future ends the group as a passed deadline does, without waiting for it; who does holds no `stay` any more then.
    pub(crate) async fn run(
        &self,
        seams: &Seams,
        about: &About<'_>,
        input: Vec<u8>,
        time: Duration,
        stay: Option<&Stay>,
        on_line: impl FnMut(&str) + Send,
    ) -> Result<Ended, RunFailed> {
        let deadline = seams.now() + time;
        let path = || self.program.path.display().to_string();
        let trace = trace::parent();
        let variables = about.variables().chain(trace.as_deref().map(|parent| ("TRACEPARENT", parent)));
        let Started { mut group, stdin, stdout, stderr } =
            start(&self.program, variables, seams, &self.groups)?;
        group.work_for(stay);

        let mut output = Vec::new();
        let mut lines = Lines::new(on_line);
        let how = {
            let mut feeding = pin!(feed(stdin, input));
            let mut reading = pin!(async {
                tokio::join!(read_bounded(stdout, &mut output), read_lines(stderr, &mut lines)).0
            });
            let mut time_up = pin!(seams.sleep_until(deadline));
            let (mut fed, mut within) = (false, None);
            // Until the main process ends, its time is up or it says too much.
            let mut how = loop {
                tokio::select! {
                    () = &mut feeding, if !fed => fed = true,
                    read = &mut reading, if within.is_none() => {
                        within = Some(read);
                        if !read { break How::TooMuchOutput; }
                    }
                    status = group.wait() => {
                        break manner(status.map_err(|source| RunFailed::Wait { path: path(), source })?);
                    }
                    () = &mut time_up => break How::TimedOut,
                }
            };
            // Then the group is ended, while what it still says is read.
            group.signal(Signal::TERM);
            let id = group.id();
            let mut ending = pin!(async {
                let read = match within {
                    Some(read) => read,
                    None => reading.await,
                };
                group.gone().await;
                read
            });
            let read = if let Some(read) = within_time(seams, GRACE, ending.as_mut()).await {
                read
            } else {
                signal(id, Signal::KILL);
                within_time(seams, LAST_WORDS, ending).await.unwrap_or(true)
            };
            if !read && matches!(how, How::Exited(_) | How::Signalled(_)) {
                how = How::TooMuchOutput;
            }
            how
        };
        Ok(Ended { how, output, last_words: lines.last_words() })
    }
}

/// What comes of a future within a time.
async fn within_time<T>(seams: &Seams, time: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        result = future => Some(result),
        () = seams.sleep(time) => None,
    }
}

fn manner(status: ExitStatus) -> How {
    use std::os::unix::process::ExitStatusExt;
    status.code().map_or_else(|| How::Signalled(status.signal().unwrap_or_default()), How::Exited)
}

/// Writes the input and closes the pipe. A script that does not read its input is no failure.
async fn feed(stdin: Option<ChildStdin>, input: Vec<u8>) {
    if let Some(mut stdin) = stdin {
        drop(stdin.write_all(&input).await);
    }
}

/// Reads to the end; false when there was more than the bound.
async fn read_bounded(stdout: Option<ChildStdout>, output: &mut Vec<u8>) -> bool {
    let Some(stdout) = stdout else { return true };
    let limit = MOST_OUTPUT as u64 + 1;
    drop(stdout.take(limit).read_to_end(output).await);
    let within = output.len() <= MOST_OUTPUT;
    output.truncate(MOST_OUTPUT);
    within
}
