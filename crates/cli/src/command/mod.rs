//! The command line: what may be typed, and what each command does.

mod check;
mod exit;
mod run;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub(crate) use check::{check, kinds};
pub(crate) use exit::Exit;
pub(crate) use run::{LogFormat, Run};

const EXAMPLE: &str = "\
Example:
  trimtab run examples/sites                    run until Ctrl-C
  trimtab run examples/sites --until-settled    converge once and exit

Exit codes: 0 done, 1 failed, 2 wrong usage, 124 not settled in time";

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
    /// Open the store, apply the entries, run the controllers.
    Run(Run),
    /// Look for mistakes in trimtab.toml and the entries; change nothing.
    Check {
        /// The folder that holds trimtab.toml.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Print the version.
    Version,
}

impl CommandLine {
    /// Does what was typed.
    pub(crate) fn execute(self) -> Exit {
        match self.command {
            Command::Check { dir } => check(&dir),
            Command::Run(arguments) => crate::daemon::run(&arguments),
            Command::Version => {
                println!("trimtab {}", env!("CARGO_PKG_VERSION"));
                Exit::Done
            }
        }
    }
}
