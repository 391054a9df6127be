//! A client beside a daemon.

use std::path::Path;

use tokio::process::Command;

use super::stage::{Daemon, Ended, Folder};

/// `trimtab run` on a folder, and where its API is.
pub(crate) async fn serve(folder: &Folder, arguments: &[&str]) -> (Daemon, String) {
    let daemon = folder.start(arguments);
    let url = daemon.url().await;
    (daemon, url)
}

/// Commands for the daemon at this URL.
pub(crate) struct At {
    url: String,
    variables: Vec<(&'static str, String)>,
}

impl At {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.into(), variables: Vec::new() }
    }

    /// With a variable in its environment.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A command that goes on.
    pub(crate) fn start(&self, arguments: &[&str]) -> Daemon {
        let mut command = self.command(env!("CARGO_BIN_EXE_trimtab"));
        command.args(arguments);
        Daemon::start(command)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for name in [
            "TRIMTAB_API",
            "TRIMTAB_TOKEN_FILE",
            "TRIMTAB_AUTHORITY",
            "TRIMTAB_NAMESPACE",
            "TRIMTAB_PARTITION",
        ] {
            command.env_remove(name);
        }
        command.env("TRIMTAB_SERVER", &self.url);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// A line of the shell in a folder, to its end.
    pub(crate) async fn shell(&self, folder: &Path, line: &str) -> Ended {
        let mut command = self.command("sh");
        command.current_dir(folder).args(["-c", line]);
        Daemon::start(command).ended().await
    }

    /// A command, to its end.
    pub(crate) async fn trimtab(&self, line: &str) -> Ended {
        self.start(&line.split(' ').collect::<Vec<_>>()).ended().await
    }
}
