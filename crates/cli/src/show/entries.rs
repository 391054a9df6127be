//! Entries, in every form.

use std::io::Write;
use std::time::SystemTime;

use trimtab::store::Document;
use trimtab_http::wire::{EntryKey, EntryList};

use super::ready::Readiness;
use super::{Cell, Failing, Form, Style, Table, age, ago, key_text, pretty, shielded, visible};
use crate::client::{Failure, key_of};

/// How entries are printed.
#[derive(Clone, Debug)]
pub(crate) struct Entries {
    pub(crate) form: Form,
    pub(crate) style: Style,
    pub(crate) failing: Failing,
    /// Entries of several kinds: the kind stands before the name.
    pub(crate) has_kinds: bool,
    pub(crate) now: SystemTime,
}

const COLUMNS: [&str; 6] = ["NAME", "NAMESPACE", "GENERATION", "READY", "MESSAGE", "AGE"];
const WIDE: [&str; 10] =
    ["NAME", "NAMESPACE", "GENERATION", "READY", "MESSAGE", "AGE", "PARTITION", "REASON", "LABELS", "OWNERS"];

impl Entries {
    /// Prints a list.
    pub(crate) fn list(&self, list: &EntryList, out: &mut impl Write) -> Result<(), Failure> {
        match &self.form {
            Form::Table | Form::Wide => {
                let mut table = self.table();
                for entry in &list.items {
                    table.row(self.row(entry));
                }
                if !table.is_empty() {
                    table.print(out, "")?;
                }
            }
            Form::Json => writeln!(out, "{}", pretty(&serde_json::to_string(list).map_err(unshown)?))?,
            _ => {
                for entry in &list.items {
                    self.one(entry, out)?;
                }
            }
        }
        Ok(())
    }

    /// Prints an entry alone.
    pub(crate) fn alone(&self, entry: &Document, out: &mut impl Write) -> Result<(), Failure> {
        match &self.form {
            Form::Table | Form::Wide => {
                let mut table = self.table();
                table.row(self.row(entry));
                Ok(table.print(out, "")?)
            }
            Form::Json => Ok(writeln!(out, "{}", pretty(&serde_json::to_string(entry).map_err(unshown)?))?),
            _ => self.one(entry, out),
        }
    }

    /// Prints an entry among others, in a form that is no table.
    fn one(&self, entry: &Document, out: &mut impl Write) -> Result<(), Failure> {
        let text = self.form.of_entry(entry).map_err(unshown)?.unwrap_or_default();
        match &self.form {
            Form::Yaml if self.style.is_terminal => {
                writeln!(out, "---")?;
                text.lines().try_for_each(|line| writeln!(out, "{}", visible(line)))?;
            }
            Form::Yaml => write!(out, "---\n{text}")?,
            Form::Json => writeln!(out, "{}", shielded(&text))?,
            // A script gets the value as it is.
            _ if self.style.is_terminal => writeln!(out, "{}", visible(&text))?,
            _ => writeln!(out, "{text}")?,
        }
        Ok(())
    }

    fn table(&self) -> Table {
        if self.form == Form::Wide {
            return Table::new(&WIDE, self.style);
        }
        Table::new(&COLUMNS, self.style).fitted("MESSAGE")
    }

    fn row(&self, entry: &Document) -> Vec<Cell> {
        let key = key_of(entry);
        let Readiness { ready, message, reason } = Readiness::of(entry, &key, &self.failing);
        let meta = entry.meta.as_ref();
        let mut row = self.name(&key);
        row.extend([
            meta.map(|meta| meta.generation.to_string()).unwrap_or_default().into(),
            ready,
            message,
            meta.map(|meta| ago(&meta.created_at.to_string(), self.now)).unwrap_or_default().into(),
        ]);
        if self.form == Form::Wide {
            let labels: Vec<_> = entry.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let owners: Vec<_> =
                entry.owners.iter().map(|owner| format!("{}/{}", owner.kind, owner.name)).collect();
            let partition = entry.partition.as_deref().unwrap_or("default");
            row.extend([partition.into(), reason, labels.join(",").into(), owners.join(",").into()]);
        }
        row
    }

    fn name(&self, key: &EntryKey) -> Vec<Cell> {
        let name = if self.has_kinds { key_text(key) } else { key.name.clone() };
        vec![name.into(), key.namespace.as_deref().unwrap_or("default").into()]
    }
}

fn unshown(error: impl std::fmt::Display) -> Failure {
    Failure::failed(format!("an entry cannot be shown in this form: {error}")).hint("try `-o json`")
}

/// Entries that are printed as they change.
#[derive(Debug)]
pub(crate) struct Live {
    entries: Entries,
    table: Table,
}

impl Live {
    /// After this list was printed.
    pub(crate) fn after(entries: Entries, list: &[Document], out: &mut impl Write) -> Result<Self, Failure> {
        let mut live = Self { table: entries.table(), entries };
        if matches!(live.entries.form, Form::Table | Form::Wide) {
            for entry in list {
                live.table.row(live.entries.row(entry));
            }
            live.table.print(out, "")?;
        } else {
            for entry in list {
                live.entries.one(entry, out)?;
            }
        }
        out.flush()?;
        // Whether a key fails now is in no event.
        live.entries.failing = Failing::default();
        Ok(live)
    }

    /// Prints an entry as it is now; none: it is gone.
    pub(crate) fn change(
        &mut self,
        key: &EntryKey,
        entry: Option<&Document>,
        now: SystemTime,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        self.entries.now = now;
        match (&self.entries.form, entry) {
            (Form::Table | Form::Wide, entry) => {
                let row = entry.map_or_else(|| self.gone(key), |entry| self.entries.row(entry));
                self.table.row(row);
                self.table.print_rows(out, "")?;
            }
            (_, Some(entry)) => self.entries.one(entry, out)?,
            (_, None) => {}
        }
        Ok(out.flush()?)
    }

    fn gone(&self, key: &EntryKey) -> Vec<Cell> {
        let mut row = self.entries.name(key);
        row.extend(["".into(), "-".into(), "deleted".into(), age(std::time::Duration::ZERO).into()]);
        row
    }
}
