//! One shell as far as a reader sees: folder and variables stay from command to command.
//!
//! Each command is a process of its own, so that one that hangs or exits takes nothing along; what stays is kept in files.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use crate::compare::aligned;
use crate::ports::Ports;
use crate::servers::Servers;
use crate::stage::Daemon;

/// What a reader's machine has, and nothing of the test's surroundings.
const HANDED_ON: [&str; 5] = ["HOME", "TMPDIR", "USER", "GOFLAGS", "GOPATH"];

pub(crate) struct Shell {
    /// The folder of the story.
    folder: TempDir,
    /// What is kept between commands.
    kept: TempDir,
    ports: Ports,
    /// The servers that the page needs, by the names that it calls them by.
    servers: Servers,
    /// How the last command ended.
    code: i32,
}

/// What a command printed, to both streams, and how it ended.
pub(crate) struct Printed {
    pub(crate) lines: Vec<String>,
    pub(crate) code: i32,
}

impl Shell {
    pub(crate) fn new(servers: Servers) -> Self {
        let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let shell = Self { folder, kept, ports: Ports::free(), servers, code: 0 };
        std::fs::write(shell.kept.path().join("folder"), shell.folder.path().to_str().unwrap()).unwrap();
        let api = format!("127.0.0.1:{}", shell.ports.api());
        let variables = format!("export TRIMTAB_HTTP_LISTEN={api} TRIMTAB_SERVER=http://{api}\n");
        std::fs::write(shell.kept.path().join("variables"), variables).unwrap();
        shell
    }

    /// Where it stands.
    pub(crate) fn stands_in(&self) -> PathBuf {
        let kept = std::fs::read_to_string(self.kept.path().join("folder")).unwrap();
        Path::new(kept.trim_end_matches('\n')).to_owned()
    }

    /// Writes a file, by its name from where it stands. What is there keeps its mode.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.stands_in().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, self.ports.to_run(text)).unwrap();
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&mut self, command: &str) -> Printed {
        // Variables that a command sets are kept as if they were exported: the next command is another process.
        let script = format!(
            "exec 2>&1\n. \"$0/variables\"\ncd \"$(cat \"$0/folder\")\"\nset -a\n(exit {})\n{}\ncode=$?\n\
             export -p >\"$0/variables\"\npwd >\"$0/folder\"\nexit $code",
            self.code,
            self.ports.to_run(command)
        );
        let ended = Daemon::start(self.command(&script)).ended().await;
        let code = ended.code.unwrap_or_else(|| panic!("`{command}` was ended by a signal:\n{}", ended.out));
        Printed { lines: self.to_print(&ended.out), code }
    }

    /// Has taken note of how the last command ended: what `$?` says.
    pub(crate) fn ended_with(&mut self, code: i32) {
        self.code = code;
    }

    /// Starts a command that stays.
    pub(crate) fn start(&self, command: &str) -> Daemon {
        let script = format!(
            "exec 2>&1\n. \"$0/variables\"\ncd \"$(cat \"$0/folder\")\"\nexec {}",
            self.ports.to_run(command)
        );
        // A server for tests ends when its standard input does, so that none is left behind however the test ends.
        Daemon::start_hearing(self.command(&script), Stdio::piped())
    }

    fn command(&self, script: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).arg(self.kept.path()).env_clear();
        for name in HANDED_ON {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_trimtab")).parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        let (binary, servers) = (binary.display(), self.servers.folder().display());
        command.env("PATH", format!("{binary}:{servers}:{path}")).env("LANG", "C.UTF-8");
        command
    }

    /// Lines as they stand in the book: its ports, and a folder of its own.
    pub(crate) fn to_print(&self, printed: &str) -> Vec<String> {
        let printed = self.ports.to_print(printed).replace(self.folder.path().to_str().unwrap(), "/home/ada");
        aligned(&printed.lines().collect::<Vec<_>>())
    }
}
