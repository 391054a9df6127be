//! A server's process.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::until;

/// How many lines of what a server printed tell why it is not well.
const LAST: usize = 20;

/// A process that was started here, and is killed when this is dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it; what it prints goes to a file.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub fn start(program: &Path, arguments: &[String], log: &Path) -> io::Result<Self> {
        let printed = File::options().create(true).append(true).open(log)?;
        let mut command = Command::new(program);
        command.args(arguments).stdout(printed.try_clone()?).stderr(printed).stdin(Stdio::piped());
        Ok(Self { child: command.spawn()?, log: log.to_owned() })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Stops it in its tracks (SIGSTOP), and waits until it stands: its connections stay open and are not answered.
    ///
    /// # Panics
    /// When it does not stop within seconds.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
        let pid = Pid::from_child(&self.child);
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        let stands = || waitid(WaitId::Pid(pid), options).is_ok_and(|status| status.is_some());
        assert!(until(Duration::from_secs(10), stands), "a process did not stop");
    }

    /// Lets it go on (SIGCONT).
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends it at once (SIGKILL), frozen or not, and waits for its end.
    pub fn kill(&mut self) {
        // It may have ended by itself, and been waited for.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }

    /// The end of what it printed.
    pub fn said(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(LAST)..].join("\n")
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("a process of ours that has not been waited for");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Process").field(&self.id()).finish()
    }
}
