//! `trimtab config show`: the settings in effect, and where each came from.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::print::print;
use super::{Exit, Settings};
use crate::client::Failure;
use crate::config::{Effective, Loaded, Place, load};

const EXAMPLE: &str = "\
Example:
  trimtab config show examples/sites
  trimtab config show -o json | jq '.[] | select(.source != \"default\")'";

/// `trimtab config`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) what: What,
}

/// What is wanted of the settings.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum What {
    /// Print every setting in effect, and where it came from: flag, environment, file and line, or default.
    #[command(after_help = EXAMPLE)]
    Show {
        /// The folder that holds trimtab.toml.
        #[arg(default_value = ".")]
        dir: PathBuf,
        #[command(flatten)]
        settings: Settings,
        /// How it is printed.
        #[arg(short, long, value_enum, default_value_t = Form::Table)]
        output: Form,
    },
}

/// How settings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// In columns.
    Table,
    /// A JSON list of objects `setting`, `value`, `source`.
    Json,
    /// A file that would say the same.
    Toml,
}

impl Config {
    /// Prints them; with a wrong file, what is wrong.
    pub(crate) fn execute(&self) -> Result<Exit, Failure> {
        let What::Show { dir, settings, output } = &self.what;
        let (above, mut problems) = settings.above();
        let Loaded { problems: found, effective, .. } = match load(dir, &above) {
            Ok(loaded) => loaded,
            Err(problem) => {
                eprintln!("{problem}");
                return Ok(Exit::Failed);
            }
        };
        problems.extend(found);
        let errors = problems.errors();
        for problem in problems.sorted() {
            eprintln!("{problem}");
        }
        if errors > 0 {
            return Ok(Exit::Failed);
        }
        print(match output {
            Form::Table => table(&effective),
            Form::Json => {
                let all = effective.iter().map(
                    |one| json!({ "setting": one.path, "value": one.value, "source": one.place.to_string() }),
                );
                format!("{:#}\n", Value::Array(all.collect()))
            }
            Form::Toml => toml_of(&effective),
        })?;
        Ok(Exit::Done)
    }
}

fn table(effective: &[Effective]) -> String {
    let rows: Vec<[String; 3]> = effective
        .iter()
        .map(|one| {
            [one.path.clone(), one.value.as_ref().map_or("-".into(), toml_value), one.place.to_string()]
        })
        .collect();
    let width = |column: usize, title: &str| {
        rows.iter().map(|row| row[column].chars().count()).chain([title.len()]).max().unwrap_or_default()
    };
    let (first, second) = (width(0, "SETTING"), width(1, "VALUE"));
    let head = format!("{:first$}  {:second$}  SOURCE\n", "SETTING", "VALUE");
    let lines =
        rows.iter().map(|[path, value, source]| format!("{path:first$}  {value:second$}  {source}\n"));
    std::iter::once(head).chain(lines).collect()
}

/// A file that would say the same. What has its default stands in a comment.
fn toml_of(effective: &[Effective]) -> String {
    // A table's own settings come before the tables within it, which would end it.
    let mut tables: Vec<(&str, String)> = Vec::new();
    for one in effective {
        let (table, name) = one.path.rsplit_once('.').unwrap_or(("", &one.path));
        let line = match (&one.value, &one.place) {
            (Some(value), Place::Default) => format!("# {name} = {}  # default\n", toml_value(value)),
            (Some(value), place) => format!("{name} = {}  # {place}\n", toml_value(value)),
            (None, _) => format!("# {name} is not set\n"),
        };
        match tables.iter_mut().find(|(known, _)| *known == table) {
            Some((_, lines)) => *lines += &line,
            None => tables.push((table, header(table) + &line)),
        }
    }
    tables.into_iter().map(|(_, lines)| lines).collect::<Vec<_>>().join("\n")
}

/// `controller[0].watch[1]` begins by `[[controller.watch]]`, `controller[0].backoff` by `[controller.backoff]`.
fn header(table: &str) -> String {
    let names: Vec<&str> = table.split('.').map(|part| part.split('[').next().unwrap_or(part)).collect();
    let name = names.join(".");
    if table.ends_with(']') { format!("[[{name}]]\n") } else { format!("[{name}]\n") }
}

/// A value as TOML writes it. JSON's texts, numbers, flags and lists are TOML's too; only its tables are not.
fn toml_value(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{} = {}", Value::from(name.as_str()), toml_value(value)))
                .collect();
            if fields.is_empty() { "{}".into() } else { format!("{{ {} }}", fields.join(", ")) }
        }
        Value::Array(items) => format!("[{}]", items.iter().map(toml_value).collect::<Vec<_>>().join(", ")),
        value => value.to_string(),
    }
}
