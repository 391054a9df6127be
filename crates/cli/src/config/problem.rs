//! What is wrong with an input file, told so that a person can mend it.

use std::fmt;
use std::path::{Path, PathBuf};

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Worth a look; nothing is stopped.
    Warning,
    /// The file is not used.
    Error,
}

/// One problem: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) level: Level,
    pub(crate) file: PathBuf,
    /// From 1; absent when it is the file as a whole.
    pub(crate) line: Option<usize>,
    /// The path of the field, such as `controller[0].timeout`.
    pub(crate) field: String,
    /// What was found, and what is allowed.
    pub(crate) what: String,
    /// What was probably meant.
    pub(crate) hint: Option<String>,
}

impl Problem {
    pub(crate) fn error(file: &Path, line: Option<usize>, field: &str, what: impl Into<String>) -> Self {
        let (field, what) = (field.into(), what.into());
        Self { level: Level::Error, file: file.to_owned(), line, field, what, hint: None }
    }

    pub(crate) fn warning(file: &Path, line: Option<usize>, field: &str, what: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(file, line, field, what) }
    }

    pub(crate) fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }
}

impl Problem {
    /// `trimtab.toml:12: controller[0].timeout: ...`, for where the level is told apart.
    pub(crate) fn text(&self) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let field = if self.field.is_empty() { String::new() } else { format!(": {}", self.field) };
        let hint = self.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{}{line}{field}: {}{hint}", self.file.display(), self.what)
    }
}

/// `error: trimtab.toml:12: controller[0].timeout: ...`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Warning => "warning",
            Level::Error => "error",
        };
        write!(f, "{level}: {}", self.text())
    }
}

/// All problems of one look, in the order of files and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Those of one file.
    pub(crate) fn of_file(mut self, file: &Path) -> Self {
        self.0.retain(|problem| problem.file == file);
        self
    }

    pub(crate) fn errors(&self) -> usize {
        self.0.iter().filter(|problem| problem.level == Level::Error).count()
    }

    pub(crate) fn sorted(mut self) -> Vec<Problem> {
        self.0.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        self.0
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
