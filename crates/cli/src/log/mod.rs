//! Log lines: for people, or one JSON object each.
//!
//! The usual formatter of `tracing` prints spans, targets and debug forms: a log for those who wrote the program. The readers here are operators, so a line
//! begins with the controller and the key it is about and ends with what may be searched for. That is a layer of its own, of a hundred lines, and two forms.

mod fields;
mod human;
mod json;
mod layer;

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::layer::SubscriberExt as _;
use trimtab::seams::Seams;

use crate::command::LogFormat;
use crate::screen::Screen;
use crate::traces::Spans;
use layer::{Form, Lines};

/// From now on all log lines of this process go to standard error, and its spans to whoever listens to them.
pub(crate) fn begin(
    format: LogFormat,
    level: LevelFilter,
    screen: &Screen,
    seams: &Seams,
    spans: Option<Spans>,
) {
    let form = match format {
        LogFormat::Json => Form::Json,
        LogFormat::Human => Form::Human { coloured: is_coloured() },
    };
    let lines = Lines::new(form, screen.clone(), seams.clone());
    let registry = tracing_subscriber::registry();
    // Fails only when somebody was first, and nobody else is in this process.
    drop(match spans {
        // One level for all: a span below it costs a third of a nanosecond, and is none.
        None => tracing::subscriber::set_global_default(registry.with(level).with(lines)),
        Some(spans) => {
            tracing::subscriber::set_global_default(registry.with(spans).with(lines.with_filter(level)))
        }
    });
}

/// What `-v` and `-q` come to.
pub(crate) const fn level(verbose: u8, quiet: bool) -> LevelFilter {
    match (quiet, verbose) {
        (true, _) => LevelFilter::WARN,
        (_, 0) => LevelFilter::INFO,
        (_, 1) => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

/// Colours only for eyes: <https://no-color.org>.
fn is_coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
}
