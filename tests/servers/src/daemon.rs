//! A server's program with its data, running or not.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Process;

/// Starts the same program with the same arguments on the same data, as often as it was killed.
#[derive(Debug)]
pub struct Daemon {
    program: PathBuf,
    arguments: Vec<String>,
    data: PathBuf,
    log: PathBuf,
    process: Option<Process>,
}

impl Daemon {
    /// Its data lies in the folder under its name, and so does what it prints.
    pub(crate) fn new(program: &Path, arguments: Vec<String>, folder: &Path, name: &str) -> Self {
        let (data, log) = (folder.join(name), folder.join(format!("{name}.log")));
        Self { program: program.to_owned(), arguments, data, log, process: None }
    }

    pub(crate) fn start(&mut self) {
        // A server's complaint about a folder that others can read is for operators.
        fs::create_dir_all(&self.data).expect("a folder for data");
        let started = Process::start(&self.program, &self.arguments, &self.log);
        self.process = Some(started.expect("a server that was built"));
    }

    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Whether it was started and not killed.
    pub(crate) const fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// Whether it has not ended by itself either.
    pub(crate) fn lives(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_running)
    }

    pub(crate) fn process(&self) -> &Process {
        self.process.as_ref().expect("a member that runs")
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn said(&self) -> String {
        self.process.as_ref().map_or_else(|| "(it is down)".into(), Process::said)
    }
}
