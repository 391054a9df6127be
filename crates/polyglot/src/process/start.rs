//! Starting a process: in a group of its own, with its own environment, the three pipes and nothing else.

use std::process::Stdio;

use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use trimtab_seams::Seams;

use super::{Group, Groups};
use crate::Program;

/// A process that was started. Its pipes are there until somebody takes them.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) group: Group,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
}

/// Why a process could not be started, or not be seen to its end.
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

/// Starts a program, with more in its environment than every run has.
pub(crate) fn start<'a>(
    program: &Program,
    more: impl IntoIterator<Item = (&'static str, &'a str)>,
    seams: &Seams,
    groups: &Groups,
) -> Result<Started, RunFailed> {
    let mut child = Command::new(&program.path)
        .args(&program.arguments)
        .current_dir(&program.folder)
        .env_clear()
        .envs(&program.environment)
        .envs(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|source| RunFailed::Start { path: program.path.display().to_string(), source })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    Ok(Started { group: Group::of(child, seams, groups), stdin, stdout, stderr })
}
