//! The command line: what may be typed, and what each command does.

mod check;
mod config;
mod exit;
mod init;
mod run;
mod schema;
mod token;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub(crate) use check::{check, kinds};
pub(crate) use exit::Exit;
pub(crate) use run::{LogFormat, Run, Settings};

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
    /// Make a folder that works, to be changed into your own.
    Init(init::Init),
    /// Open the store, apply the entries, run the controllers.
    Run(Run),
    /// Look for mistakes in trimtab.toml and the entries; change nothing.
    Check {
        /// The folder that holds trimtab.toml.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Show the settings in effect, and where each came from.
    Config(config::Config),
    /// Make a bearer token for the HTTP API.
    Token(token::Token),
    /// Print a JSON Schema: of trimtab.toml, or of a document of the protocol.
    Schema(schema::Schema),
    /// Print the version.
    Version,
}

impl CommandLine {
    /// Does what was typed.
    pub(crate) fn execute(self) -> Exit {
        match self.command {
            Command::Init(init) => init.execute(),
            Command::Config(config) => config.execute(),
            Command::Token(token) => token.execute(),
            Command::Schema(schema) => schema.execute(),
            Command::Check { dir } => check(&dir),
            Command::Run(arguments) => crate::daemon::run(&arguments),
            Command::Version => {
                println!("trimtab {}", env!("CARGO_PKG_VERSION"));
                Exit::Done
            }
        }
    }
}
