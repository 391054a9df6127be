//! What may be typed after `trimtab run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory, ValueEnum};

use trimtab_polyglot::parse_duration;

use super::CommandLine;
use crate::config::{Above, Problems};

const EXAMPLE: &str = "\
Example:
  trimtab run examples/sites                                  until Ctrl-C
  trimtab run examples/sites --until-settled --timeout 5m     once: for CI and cron";

/// `trimtab run`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Run {
    /// The folder that holds trimtab.toml.
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Listen where others can reach the API although everybody could do everything.
    #[arg(long)]
    pub(crate) insecure: bool,
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

/// Flags that stand above the file.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Settings {
    /// Where entries are kept, in place of `[store] url`.
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// Where the HTTP API is served, in place of `[http] listen`; `off`: nowhere.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
}

/// What programs that the daemon starts find in their environment: they may call `trimtab` themselves.
const OF_SCRIPTS: [&str; 6] = [
    "TRIMTAB_CONTROLLER",
    "TRIMTAB_KIND",
    "TRIMTAB_NAME",
    "TRIMTAB_NAMESPACE",
    "TRIMTAB_PARTITION",
    "TRIMTAB_API",
];

impl Settings {
    /// What stands above the file: these flags, then the environment. Warnings about variables that nobody knows.
    pub(crate) fn above(&self) -> (Above, Problems) {
        let mut known = Vec::new();
        variables_of(&CommandLine::command(), &mut known);
        let known: Vec<_> = known.iter().map(String::as_str).chain(OF_SCRIPTS).collect();
        let environment = std::env::vars_os()
            .filter_map(|(name, text)| Some((name.into_string().ok()?, text.to_string_lossy().into_owned())));
        let (mut above, problems) = Above::of_environment(environment, &known);
        above.flag("--store", "store.url", self.store.as_ref());
        above.flag("--listen", "http.listen", self.listen.as_ref());
        (above, problems)
    }
}

/// The variables that flags of the command line are taken from.
fn variables_of(command: &clap::Command, known: &mut Vec<String>) {
    let variables = command.get_arguments().filter_map(|argument| argument.get_env());
    known.extend(variables.map(|name| name.to_string_lossy().into_owned()));
    for inner in command.get_subcommands() {
        variables_of(inner, known);
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}
