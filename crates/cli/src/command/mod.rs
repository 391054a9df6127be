//! The command line: what may be typed, and what each command does.

mod check;
mod exit;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use check::{check, kinds};
pub(crate) use exit::Exit;

use crate::config::parse_duration;

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

/// `trimtab run`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Run {
    /// The folder that holds trimtab.toml.
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Converge once and exit: 0 settled, 1 some entry still fails, 124 not settled in time.
    #[arg(long)]
    pub(crate) until_settled: bool,
    /// How long --until-settled may take.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration, requires = "until_settled")]
    pub(crate) timeout: Duration,
    /// For people or for machines; to standard error.
    #[arg(long, value_enum, default_value_t = LogFormat::Human, env = "TRIMTAB_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
    /// Say more; twice: everything.
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say only warnings and errors.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}
