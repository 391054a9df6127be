//! Where a value came from, and what stands above the file.
//!
//! A setting may be said by a flag, a variable of the environment, or the file; otherwise it has its default. Whoever asks why it is what it is gets that answer
//! (`trimtab config show`), and whoever said it wrong is told where.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeArray, DeValue};

use super::problem::{Problem, Problems};
use super::settings::{Shape, variables};
use super::suggest::nearest;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// This flag of the command line.
    Flag(&'static str),
    /// This variable of the environment.
    Variable(String),
    /// This line of the file, from 1.
    Line(usize),
    /// Nobody said anything.
    Default,
}

impl Place {
    /// An error about what was said here; `file` is the file whose lines are counted.
    pub(crate) fn problem(&self, file: &Path, field: &str, what: impl Into<String>) -> Problem {
        match self {
            Self::Flag(flag) => Problem::error(Path::new(flag), None, field, what),
            Self::Variable(name) => Problem::error(Path::new(name), None, field, what),
            Self::Line(line) => Problem::error(file, Some(*line), field, what),
            Self::Default => Problem::error(file, None, field, what),
        }
    }
}

/// `trimtab.toml:7`, `TRIMTAB_STORE_URL`, `--listen`, `default`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Variable(name) => f.write_str(name),
            Self::Line(line) => write!(f, "{}:{line}", super::FILE_NAME),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting as it is in effect.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Effective {
    /// `controller[0].timeout`.
    pub(crate) path: String,
    /// None: it is absent, and has no default.
    pub(crate) value: Option<Value>,
    pub(crate) place: Place,
}

/// What stands above the file: flags, then variables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Above {
    said: BTreeMap<String, (Place, Reading, String)>,
}

/// How a text outside the file is taken.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Text,
    Flag,
    Texts,
}

impl Above {
    /// What the variables of an environment say. An empty one says nothing. Variables that begin with `TRIMTAB_` and are neither a setting's nor one of
    /// `others` are warned of.
    pub(crate) fn of_environment(
        environment: impl IntoIterator<Item = (String, String)>,
        others: &[&str],
    ) -> (Self, Problems) {
        let (mut above, mut problems) = (Self::default(), Problems::default());
        let known = variables();
        for (name, text) in environment {
            if !name.starts_with("TRIMTAB_") || text.is_empty() || others.contains(&name.as_str()) {
                continue;
            }
            if let Some(variable) = known.iter().find(|variable| variable.name == name) {
                above.say(&variable.path, Place::Variable(name), text);
                continue;
            }
            let names = known.iter().map(|variable| variable.name.as_str());
            let hint = nearest(&name, names.chain(others.iter().copied()));
            let hint = hint.map(|near| format!("did you mean `{near}`?"));
            let what = "is set in the environment, and no such setting is known";
            problems.push(Problem::warning(Path::new(&name), None, "", what).hint(hint));
        }
        (above, problems)
    }

    /// Says it by a flag, above whatever was said before.
    pub(crate) fn flag(&mut self, flag: &'static str, path: &str, text: Option<&String>) {
        if let Some(text) = text {
            self.say(path, Place::Flag(flag), text.clone());
        }
    }

    fn say(&mut self, path: &str, place: Place, text: String) {
        let known = variables();
        let Some(variable) = known.iter().find(|variable| variable.path == path) else { return };
        let shape = match variable.setting.shape {
            Shape::Flag => Reading::Flag,
            Shape::Texts => Reading::Texts,
            _ => Reading::Text,
        };
        self.said.insert(path.to_owned(), (place, shape, text));
    }

    pub(super) fn says(&self, path: &str) -> bool {
        self.said.contains_key(path)
    }

    /// Whether something is said of a setting whose path begins so.
    pub(super) fn says_below(&self, path: &str) -> bool {
        self.said.keys().any(|known| known.starts_with(path))
    }

    /// What is said of a setting, as the file would say it.
    pub(super) fn value<'i>(&self, path: &str) -> Option<(Place, DeValue<'i>)> {
        let (place, shape, text) = self.said.get(path)?;
        let value = match (shape, text.as_str()) {
            (Reading::Flag, "true") => DeValue::Boolean(true),
            (Reading::Flag, "false") => DeValue::Boolean(false),
            (Reading::Texts, list) => {
                let mut items = DeArray::new();
                for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
                    items.push(Spanned::new(0..0, string(item)));
                }
                DeValue::Array(items)
            }
            (_, text) => string(text),
        };
        Some((place.clone(), value))
    }
}

fn string<'i>(text: &str) -> DeValue<'i> {
    DeValue::String(Cow::Owned(text.to_owned()))
}
