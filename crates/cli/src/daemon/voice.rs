//! Saying why it ends: as a person reads it, or as log lines where machines read.

use crate::command::LogFormat;
use crate::config::{Level, Problem};
use crate::screen::Screen;
use crate::show::tame;

/// Says what is wrong on standard error, in the form that was asked for.
#[derive(Clone)]
pub(super) struct Voice {
    pub(super) screen: Screen,
    pub(super) format: LogFormat,
}

/// Of a long list so many lines are said.
const MOST: usize = 50;

impl Voice {
    /// `error: ...`
    pub(super) fn error(&self, what: &str) {
        match self.format {
            LogFormat::Human => self.screen.log(&tame(&format!("error: {what}"))),
            LogFormat::Json => tracing::error!("{what}"),
        }
    }

    /// An error and what it is about, a line each.
    pub(super) fn list(&self, what: &str, about: &[String]) {
        self.error(what);
        for line in about.iter().take(MOST) {
            match self.format {
                LogFormat::Human => self.screen.log(&format!("  {}", tame(line).replace('\n', "\n    "))),
                LogFormat::Json => tracing::error!("{line}"),
            }
        }
        if about.len() > MOST {
            self.error(&format!("and {} more", about.len() - MOST));
        }
    }

    /// A problem of an input file.
    pub(super) fn problem(&self, problem: &Problem) {
        match (self.format, problem.level) {
            (LogFormat::Human, _) => self.screen.log(&tame(&problem.to_string())),
            (LogFormat::Json, Level::Error) => tracing::error!("{}", problem.text()),
            (LogFormat::Json, Level::Warning) => tracing::warn!("{}", problem.text()),
        }
    }
}
