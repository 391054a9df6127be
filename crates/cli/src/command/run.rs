//! What may be typed after `trimtab run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::config::parse_duration;

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
