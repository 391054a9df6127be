//! Commands at a terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Command;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use trimtab::seams::Seams;

/// How it ended, and everything that was to be seen.
pub(crate) struct Seen {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

/// Runs a command at a terminal of its own at which this is typed; for the daemon at this URL.
pub(crate) async fn at_terminal(
    url: &str,
    variables: &[(&str, &str)],
    arguments: &[&str],
    typed: &str,
) -> Seen {
    let (answer, answered) = tokio::sync::oneshot::channel();
    // The command has an end, however it goes.
    let mut command = Command::new("timeout");
    command.args(["--foreground", "60", env!("CARGO_BIN_EXE_trimtab")]).args(arguments);
    command.env_remove("NO_COLOR").env("TERM", "xterm").env("TRIMTAB_SERVER", url);
    command.envs(variables.iter().copied());
    let typed = typed.to_owned();
    Seams::tokio().spawn_blocking("terminal", move || drop(answer.send(run(command, &typed))));
    answered.await.unwrap()
}

fn run(mut command: Command, typed: &str) -> Seen {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let side = || File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    command.stdin(side()).stdout(side()).stderr(side());
    let mut child = command.spawn().unwrap();
    // It holds the other side too, and without an end of that there is none of this.
    drop(command);
    let mut master = File::from(master);
    master.write_all(typed.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    // The end is told as an error.
    drop(master.read_to_end(&mut bytes));
    let code = child.wait().unwrap().code();
    Seen { code, text: String::from_utf8_lossy(&bytes).replace("\r\n", "\n") }
}
