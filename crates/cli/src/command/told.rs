//! What came of writes, as it is printed.

use std::io::{Write as _, stdout};

use clap::ValueEnum;
use trimtab_http::wire::{EntryKey, Outcome, Written};

use crate::show::{key_text, visible};

/// In which form it is printed what came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// The API's own document of each write, one a line.
    Json,
    /// `site/blog`.
    Name,
}

/// Prints what came of writes, to standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// None: for people.
    pub(crate) form: Option<Form>,
    /// Nothing but errors goes to standard error.
    pub(crate) is_quiet: bool,
}

impl Told {
    /// Tells a write; `more` is added for people.
    pub(crate) fn written(self, written: &Written, more: &str) {
        match self.form {
            None => say(&format!("{}{more}", line(written))),
            Some(Form::Name) => say(&key_text(&written.key)),
            Some(Form::Json) => say(&serde_json::to_string(written).expect("documents are JSON")),
        }
    }

    /// Tells people something; programs are told no such thing.
    pub(crate) fn people(self, line: &str) {
        if self.form.is_none() {
            say(line);
        }
    }

    /// Tells what is no error, to standard error.
    pub(crate) fn aside(self, line: &str) {
        if !self.is_quiet {
            eprintln!("{}", visible(line));
        }
    }

    /// Whether it is people who are told.
    pub(crate) const fn is_for_people(self) -> bool {
        self.form.is_none()
    }
}

/// Prints a line. Work that was begun goes on when nobody reads on: half of it done would be worse.
fn say(line: &str) {
    drop(writeln!(stdout(), "{}", visible(line)));
}

/// `site/blog`, and where it lies unless that goes without saying.
pub(crate) fn shown(key: &EntryKey) -> String {
    key.to_key().to_string()
}

/// `site/blog created (index 13)`
fn line(written: &Written) -> String {
    let (key, outcome) = (shown(&written.key), written.outcome.as_str());
    match written.outcome {
        _ if written.dry_run => format!("{key} {outcome} (dry run)"),
        Outcome::Unchanged => format!("{key} {outcome}"),
        _ => format!("{key} {outcome} (index {})", index(&written.position)),
    }
}

/// The index of a position: what people compare.
pub(crate) fn index(position: &str) -> &str {
    position.rsplit_once('-').map_or(position, |(_, index)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_it_is_told_with_the_index_when_something_was_written() {
        let written = |outcome, dry_run, namespace: Option<&str>| Written {
            key: EntryKey {
                kind: "site".into(),
                name: "blog".into(),
                namespace: namespace.map(str::to_owned),
                partition: None,
            },
            outcome,
            position: "00ff00ff-13".into(),
            entry: None,
            dry_run,
        };
        for (written, wanted) in [
            (written(Outcome::Created, false, None), "site/blog created (index 13)"),
            (written(Outcome::Changed, true, None), "site/blog changed (dry run)"),
            (written(Outcome::Unchanged, false, None), "site/blog unchanged"),
            (written(Outcome::Deleted, false, Some("shop")), "site/blog in default/shop deleted (index 13)"),
        ] {
            assert_eq!(line(&written), wanted);
        }
    }
}
