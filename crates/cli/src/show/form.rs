//! What `-o` may say.

use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::pointer::Pointer;
use super::{Style, key_text};
use crate::config::nearest;

/// In which form entries are printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// In columns.
    #[default]
    Table,
    /// In more columns.
    Wide,
    /// The API's own documents.
    Json,
    /// Documents that can be applied again.
    Yaml,
    /// `site/blog`.
    Name,
    /// One value of each.
    Pointer(Pointer),
}

const WORDS: [&str; 5] = ["table", "wide", "json", "yaml", "name"];

impl FromStr for Form {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(pointer) = text.strip_prefix("pointer=") {
            return Ok(Self::Pointer(pointer.parse()?));
        }
        Ok(match text {
            "table" => Self::Table,
            "wide" => Self::Wide,
            "json" => Self::Json,
            "yaml" => Self::Yaml,
            "name" => Self::Name,
            other => {
                let near = nearest(other, WORDS).map(|near| format!("; did you mean `{near}`?"));
                let near = near.unwrap_or_default();
                return Err(format!("none of {}, pointer=/spec/port{near}", WORDS.join(", ")));
            }
        })
    }
}

/// `-o` of a command that prints entries.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Output {
    /// table, wide, json, yaml, name or pointer=/spec/port.
    ///
    /// Without it: a table on a terminal; elsewhere the same columns with a tab between them. `yaml` can be applied again: what is told, never taken stands in comments.
    #[arg(short, long, value_name = "FORM")]
    output: Option<Form>,
}

impl Output {
    /// The form, and how it looks.
    pub(crate) fn form(&self) -> (Form, Style) {
        let style = Style::of_process();
        match &self.output {
            None => (Form::Table, style),
            Some(form) => (form.clone(), style.aligned()),
        }
    }
}

/// `-o` of a command that prints something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Few {
    /// For people.
    Table,
    /// The API's own document.
    Json,
    /// The same as YAML.
    Yaml,
}

impl Form {
    /// An entry in a form that needs nothing but the entry; none for tables.
    pub(super) fn of_entry(&self, entry: &trimtab::store::Document) -> Result<Option<String>, String> {
        let json = || serde_json::to_string(entry).map_err(|error| error.to_string());
        Ok(match self {
            Self::Table | Self::Wide => None,
            Self::Json => Some(json()?),
            Self::Yaml => Some(super::entry_yaml(entry)?),
            Self::Name => Some(key_text(&crate::client::key_of(entry))),
            Self::Pointer(pointer) => {
                let value: serde_json::Value =
                    serde_json::from_str(&json()?).map_err(|error| error.to_string())?;
                Some(pointer.find(&value).unwrap_or_default())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_there_is_not_is_told_with_those_that_there_are() {
        assert_eq!("wide".parse(), Ok(Form::Wide));
        assert_eq!("pointer=/spec".parse(), Ok(Form::Pointer("/spec".parse().unwrap())));
        let wrong = "jsn".parse::<Form>().unwrap_err();
        assert_eq!(wrong, "none of table, wide, json, yaml, name, pointer=/spec/port; did you mean `json`?");
        assert!("pointer=spec".parse::<Form>().unwrap_err().contains("did you mean `/spec`"));
    }
}
