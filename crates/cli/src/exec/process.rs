//! Starting a script, feeding it, bounding it, ending it.
//!
//! A script runs in a process group of its own, so that what it forks ends with it: when its main process ends, or when its time is up, the group is
//! told to end (SIGTERM) and two seconds later made to (SIGKILL). A child that makes a session of its own (`setsid`) escapes; nobody
//! waits for it. Output is read as it comes and never beyond its bound, so no script can fill the daemon's memory.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use trimtab::seams::Seams;

use super::groups::Groups;
use super::stderr::{Tail, read_lines};

/// The most that a script may print to standard output: 1 MiB.
pub(crate) const MOST_OUTPUT: usize = 1 << 20;
/// From SIGTERM to SIGKILL.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is asked whether a group is gone.
const ASK_AGAIN: Duration = Duration::from_millis(5);
/// How long the pipes of a group that was killed are still read. Only a process that left the group can hold them longer.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// A program as it is started, the same for every run.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// An absolute path, or a name for the PATH.
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// The working directory.
    pub(crate) folder: PathBuf,
    /// The whole environment but what a run adds.
    pub(crate) environment: BTreeMap<String, OsString>,
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

/// Why a run could not be started, or not be seen to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunFailed {
    #[error("{path} could not be started: {source}{}", hint(.source))]
    Start { path: String, source: std::io::Error },
    #[error("the end of {path} could not be seen: {source}")]
    Wait { path: String, source: std::io::Error },
}

fn hint(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::NotFound => "; it, or the program that its first line names, is not there",
        std::io::ErrorKind::PermissionDenied => "; give it the run bit with `chmod +x`",
        _ if error.raw_os_error() == Some(8) => "; a script must begin with `#!` and its interpreter",
        _ => "",
    }
}

impl Program {
    /// Runs it once: `input` on standard input, `more` added to its environment. Each line of standard error goes to `on_line` as it comes.
    ///
    /// Dropping the future ends the group as a passed deadline does, without waiting for it.
    pub(crate) async fn run(
        &self,
        seams: &Seams,
        more: &BTreeMap<&'static str, String>,
        input: Vec<u8>,
        time: Duration,
        on_line: impl FnMut(&str) + Send,
    ) -> Result<Ended, RunFailed> {
        let deadline = seams.now() + time;
        let path = || self.path.display().to_string();
        let mut child = Command::new(&self.path)
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(&self.environment)
            .envs(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|source| RunFailed::Start { path: path(), source })?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut group = Group::of(child, seams, &self.groups);

        let mut output = Vec::new();
        let mut tail = Tail::default();
        let how = {
            let mut feeding = pin!(feed(stdin, input));
            let mut reading = pin!(async {
                tokio::join!(read_bounded(stdout, &mut output), read_lines(stderr, &mut tail, on_line)).0
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
                    status = group.child.wait() => {
                        break manner(status.map_err(|source| RunFailed::Wait { path: path(), source })?);
                    }
                    () = &mut time_up => break How::TimedOut,
                }
            };
            // Then the group is ended, while what it still says is read.
            group.signal(Signal::TERM);
            let id = group.id;
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
        Ok(Ended { how, output, last_words: tail.text() })
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

/// A process group, ended at the latest when this is dropped.
struct Group {
    /// The main process; its id is the group's.
    child: Child,
    id: Option<Pid>,
    /// It is known to be gone.
    gone: bool,
    seams: Seams,
    groups: Groups,
}

impl Group {
    fn of(child: Child, seams: &Seams, groups: &Groups) -> Self {
        let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(id) = id {
            groups.enter(id);
        }
        Self { child, id, gone: false, seams: seams.clone(), groups: groups.clone() }
    }

    fn signal(&self, what: Signal) {
        signal(self.id, what);
    }

    /// Waits until the main process was seen to end and nobody of the group is left. There is no event for the latter, so it is asked after; almost always
    /// the first answer is the last.
    async fn gone(&mut self) {
        drop(self.child.wait().await);
        while self.id.is_some_and(|id| test_kill_process_group(id).is_ok()) {
            self.seams.sleep(ASK_AGAIN).await;
        }
        self.gone = true;
    }
}

/// Signals whoever is left of a group; nobody is no failure. The number of a group is not given anew while a member lives, and between the end of the last and this
/// call a whole round of process numbers would have to pass.
fn signal(group: Option<Pid>, what: Signal) {
    if let Some(id) = group {
        _ = kill_process_group(id, what);
    }
}

impl Drop for Group {
    /// A run that is cancelled ends its group as one whose time is up.
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        if self.gone {
            self.groups.leave(id);
            return;
        }
        self.signal(Signal::TERM);
        let (seams, groups) = (self.seams.clone(), self.groups.clone());
        self.seams.spawn("end of a cancelled script", async move {
            let deadline = seams.now() + GRACE;
            // Asked after, so that nobody waits for one that is gone, and its number is not signalled when another has it.
            while test_kill_process_group(id).is_ok() {
                if seams.now() >= deadline {
                    signal(Some(id), Signal::KILL);
                    break;
                }
                seams.sleep(ASK_AGAIN).await;
            }
            groups.leave(id);
        });
    }
}
