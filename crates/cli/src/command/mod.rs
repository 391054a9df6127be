//! The command line: what may be typed, and what each command does.

mod apply;
mod check;
mod completions;
mod config;
mod delete;
mod describe;
mod diff;
mod edit;
mod enqueue;
mod exit;
mod files;
mod get;
#[cfg(test)]
mod help;
mod init;
mod man;
mod print;
mod queue;
#[cfg(test)]
mod reference;
mod run;
mod schema;
mod selector;
mod status;
mod token;
mod told;
mod unified;
mod version;
mod watch;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::client::Failure;

pub(crate) use check::{check, kinds};
pub(crate) use exit::Exit;
pub(crate) use run::{LogFormat, Run, Settings};

const EXAMPLE: &str = "\
Examples:
  trimtab run examples/sites                    run until Ctrl-C
  trimtab run examples/sites --until-settled    converge once and exit
  trimtab get sites                             ask the daemon that runs

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict, 5 not reachable, 124 timed out";

/// Declare what should be true; controllers make it true and keep it true.
#[derive(Debug, Parser)]
#[command(name = "trimtab", version, after_help = EXAMPLE, arg_required_else_help = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a folder that works, to be changed into your own.
    Init(init::Init),
    /// Open the store, apply the entries, run the controllers.
    Run(Run),
    /// Look for mistakes in trimtab.toml and the entries; change nothing.
    #[command(after_help = "Example:\n  trimtab check examples/sites")]
    Check {
        /// The folder that holds trimtab.toml.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Print entries.
    Get(get::Get),
    /// Print what happens to a kind, as it happens.
    Watch(watch::Watch),
    /// Tell why an entry stands where it stands.
    Describe(describe::Describe),
    /// List the keys that wait, run or fail, and why.
    Queue(queue::Queue),
    /// Have a controller look at entries now.
    Enqueue(enqueue::Enqueue),
    /// Tell whether everything works, and what does not.
    Status(status::Status),
    /// Make entries what files say.
    ///
    /// Every file is read and checked before anything is written: YAML with several documents, JSON with several values, TOML. Each entry is then written by itself, in
    /// order; what fails does not stop the others, and the exit code is that of the worst. A document that names no namespace lies in that of -n.
    Apply(apply::Apply),
    /// Show what applying files would change.
    ///
    /// Entry by entry, as a unified diff between what is there and what the daemon answers would be there: kind, name, labels, owners and spec. Nothing is written. It asks
    /// what a write would come to, so a token must be one that may write.
    Diff(diff::Diff),
    /// Change an entry in an editor.
    ///
    /// The entry is shown as YAML in a file that nobody else may read, and written when the editor is closed, if nobody else has changed it meanwhile. A mistake is shown in the
    /// editor again. What somebody else changed meanwhile is told, with exit code 4.
    Edit(edit::Edit),
    /// Delete entries.
    ///
    /// What finalizers hold is marked, and goes when the last of them is removed; it is told whose they are. More than one entry goes only when that is confirmed, at the
    /// terminal or by --yes.
    Delete(delete::Delete),
    /// Show the settings in effect, and where each came from.
    Config(config::Config),
    /// Make a bearer token for the HTTP API.
    Token(token::Token),
    /// Print a JSON Schema: of trimtab.toml, or of a document of the protocol.
    Schema(schema::Schema),
    /// Print what makes a shell complete commands and flags.
    Completions(completions::Completions),
    /// Write the manual: a page for each command.
    Man(man::Man),
    /// Print the version.
    Version(version::Version),
}

impl CommandLine {
    /// Does what was typed.
    pub(crate) fn execute(self) -> Exit {
        match self.command {
            Command::Init(init) => told(init.execute()),
            Command::Apply(apply) => told(apply.execute()),
            Command::Diff(diff) => diff.execute(),
            Command::Edit(edit) => told(edit.execute()),
            Command::Delete(delete) => told(delete.execute()),
            Command::Config(config) => told(config.execute()),
            Command::Token(token) => told(token.execute()),
            Command::Schema(schema) => told(schema.execute()),
            Command::Completions(completions) => told(completions.execute()),
            Command::Man(man) => told(man.execute()),
            Command::Check { dir } => told(check(&dir)),
            Command::Run(arguments) => crate::daemon::run(&arguments),
            Command::Get(get) => told(get.execute()),
            Command::Watch(watch) => told(watch.execute()),
            Command::Describe(describe) => told(describe.execute()),
            Command::Queue(queue) => told(queue.execute()),
            Command::Enqueue(enqueue) => told(enqueue.execute()),
            Command::Status(status) => told(status.execute()),
            Command::Version(version) => told(version.execute()),
        }
    }
}

/// How a command ended; a failure is told.
fn told(outcome: Result<Exit, Failure>) -> Exit {
    outcome.unwrap_or_else(|failure| failure.tell())
}
