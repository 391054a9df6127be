//! Everything that is known of an entry, for people.

use std::io::{Result, Write};
use std::time::SystemTime;

use serde_json::Value;
use trimtab::store::Document;
use trimtab_http::wire::{Attention, Description, EntryKey, Key, Run};

use super::cluster::{how_to_ask, peer};
use super::{Cell, Colour, Style, Table, ago, ahead, conditions, key_text, place_text, value_yaml, visible};

/// Prints it. `watchers` are the controllers that watch the kind.
pub(crate) fn describe(
    all: &Description,
    watchers: &[String],
    style: Style,
    now: SystemTime,
    out: &mut impl Write,
) -> Result<()> {
    let page = Page { all, watchers, style, now };
    page.head(out)?;
    page.relations(out)?;
    if let Some(entry) = &all.entry {
        page.values(entry, out)?;
    }
    page.controllers(out)
}

struct Page<'a> {
    all: &'a Description,
    watchers: &'a [String],
    style: Style,
    now: SystemTime,
}

/// The widest name of a line.
const NAMES: usize = 13;

impl Page<'_> {
    fn line(out: &mut impl Write, name: &str, text: &str) -> Result<()> {
        writeln!(out, "{:NAMES$} {}", format!("{name}:"), visible(text))
    }

    fn head(&self, out: &mut impl Write) -> Result<()> {
        let all = self.all;
        Self::line(out, "Entry", &key_text(&all.key))?;
        Self::line(out, "Namespace", &place_text(&all.key))?;
        Self::line(out, "Seen at", &all.position)?;
        if let Some(error) = &all.unreadable {
            let text = format!("{error}; delete it, then write it anew");
            writeln!(
                out,
                "{}",
                self.style.paint(&format!("{:NAMES$} {}", "Unreadable:", visible(&text)), Some(Colour::Bad))
            )?;
        }
        let Some(entry) = &all.entry else {
            if all.unreadable.is_none() {
                Self::line(out, "Is there", "no; a controller still has its key, or remembers runs of it")?;
            }
            return Ok(());
        };
        if !entry.labels.is_empty() {
            let labels: Vec<_> = entry.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            Self::line(out, "Labels", &labels.join(", "))?;
        }
        let Some(meta) = &entry.meta else { return Ok(()) };
        let created = meta.created_at.to_string();
        Self::line(out, "Created", &format!("{created} ({} ago)", ago(&created, self.now)))?;
        Self::line(out, "Uid", &meta.uid.to_string())?;
        let status =
            meta.status_modified.map_or("none".to_owned(), |index| format!("at index {}", index.get()));
        let generation =
            format!("{} (spec at index {}, status {status})", meta.generation, meta.modified.get());
        Self::line(out, "Generation", &generation)?;
        if let Some(since) = meta.deleting_since {
            let since = since.to_string();
            Self::line(out, "Deleting", &format!("for {}, since {since}", ago(&since, self.now)))?;
        }
        Ok(())
    }

    fn relations(&self, out: &mut impl Write) -> Result<()> {
        let all = self.all;
        let mut before = "Finalizers";
        for finalizer in &all.finalizers {
            let whose = match &finalizer.controller {
                Some(controller) => format!("of controller {controller}"),
                None => "of nobody who runs here".into(),
            };
            let holds = match (finalizer.holds, &finalizer.controller) {
                (false, _) => String::new(),
                (true, Some(_)) => "; holds the deletion".into(),
                (true, None) => format!(
                    "; holds the deletion: if nobody else removes it, `trimtab delete {} --drop-finalizer {}` does",
                    key_text(&all.key),
                    finalizer.name
                ),
            };
            Self::line(out, before, &format!("{} ({whose}{holds})", finalizer.name))?;
            before = "";
        }
        before = "Owners";
        for owner in &all.owners {
            let gone = if owner.present { "" } else { " (gone, or another life of that name)" };
            Self::line(out, before, &format!("{}{gone}", key_text(&owner.key)))?;
            before = "";
        }
        if all.owned_total > 0 {
            let named: Vec<_> = all.owned.iter().map(|key| self.owned(key)).collect();
            let left = all.owned_total - all.owned.len();
            let left = if left > 0 { format!(" and {left} more") } else { String::new() };
            Self::line(out, "Owns", &format!("{}{left}", named.join(", ")))?;
        }
        Ok(())
    }

    fn owned(&self, key: &EntryKey) -> String {
        let place = place_text(key);
        if place == place_text(&self.all.key) {
            key_text(key)
        } else {
            format!("{} ({place})", key_text(key))
        }
    }

    fn values(&self, entry: &Document, out: &mut impl Write) -> Result<()> {
        let read = |json: &str| serde_json::from_str::<Value>(json).unwrap_or_default();
        block(out, "Spec", &read(entry.spec.get()))?;
        let Some(status) = &entry.status else { return Self::line(out, "Status", "none yet") };
        let (mut status, mut table) = (read(status.get()), self.conditions(entry));
        if !table.is_empty()
            && let Some(fields) = status.as_object_mut()
        {
            fields.remove("conditions");
        }
        if status.as_object().is_none_or(|fields| !fields.is_empty()) || table.is_empty() {
            block(out, "Status", &status)?;
        }
        if table.is_empty() {
            return Ok(());
        }
        writeln!(out, "Conditions:")?;
        table.print(out, "  ")
    }

    fn conditions(&self, entry: &Document) -> Table {
        let columns = ["TYPE", "STATUS", "REASON", "FOR", "GENERATION", "CONTROLLER", "MESSAGE"];
        let mut table = Table::new(&columns, self.style);
        for condition in conditions(entry) {
            let about = condition.about.as_ref().map(|about| format!(" ({about})")).unwrap_or_default();
            table.row(vec![
                format!("{}{about}", condition.type_).into(),
                format!("{:?}", condition.status).into(),
                condition.reason.into(),
                condition.since.map_or("-".into(), |since| ago(&since.to_string(), self.now)).into(),
                condition.generation.map_or("-".into(), |generation| generation.to_string()).into(),
                condition.controller.unwrap_or("-".into()).into(),
                condition.message.into(),
            ]);
        }
        table
    }

    fn controllers(&self, out: &mut impl Write) -> Result<()> {
        if self.all.controllers.is_empty() {
            let what = match self.watchers {
                [] => "so nothing will come of the entry".to_owned(),
                watchers => format!("watched by {}", watchers.join(", ")),
            };
            let sign = if self.watchers.is_empty() { ',' } else { ';' };
            return Self::line(out, "Controllers", &format!("none reconciles this kind{sign} {what}"));
        }
        writeln!(out, "Controllers:")?;
        self.all.controllers.iter().try_for_each(|attention| self.attention(attention, out))
    }

    fn attention(&self, attention: &Attention, out: &mut impl Write) -> Result<()> {
        let (state, colour) = match (&attention.key, &attention.run_by) {
            (None, Some(run_by)) => {
                (format!("run by {}; {}", peer(run_by), how_to_ask(run_by)), Some(Colour::Pending))
            }
            (None, None) => ("nothing is to be done".to_owned(), None),
            (Some(key), _) => self.state(key),
        };
        writeln!(
            out,
            "  {}: {}",
            visible(&attention.controller),
            self.style.paint(&visible(&state), colour)
        )?;
        for reason in &attention.reasons {
            writeln!(out, "    it does not work: {}", visible(reason))?;
        }
        if let Some(key) = &attention.key {
            if let Some(why) = &key.why {
                writeln!(out, "    why: {}", visible(why))?;
            }
            if let Some(error) = &key.last_error {
                lines(out, "    last error: ", error)?;
            }
        }
        self.runs(&attention.runs, out)
    }

    /// `failing for 3m, after 5 failures; next run in 12 s`
    fn state(&self, key: &Key) -> (String, Option<Colour>) {
        use trimtab_http::wire::KeyState;
        let (word, colour) = match key.state {
            KeyState::Failing => ("failing", Some(Colour::Bad)),
            KeyState::Running => ("running", Some(Colour::Good)),
            KeyState::Ready => ("in line for a worker", Some(Colour::Pending)),
            KeyState::Deferred => ("waits for its time", None),
        };
        let since =
            key.since.as_ref().map(|since| format!(" for {}", ago(since, self.now))).unwrap_or_default();
        let failures = match key.failures {
            0 => String::new(),
            1 => ", after 1 failure".into(),
            more => format!(", after {more} failures"),
        };
        let next = match &key.next_run {
            Some(next) => format!("; next run {}", ahead(next, self.now)),
            None if key.terminal => "; gave up until something changes".into(),
            None => String::new(),
        };
        (format!("{word}{since}{failures}{next}"), colour)
    }

    fn runs(&self, runs: &[Run], out: &mut impl Write) -> Result<()> {
        let mut table =
            Table::new(&["LAST RUNS", "TOOK", "ENDED", "ATTEMPT", "INDEX", "BECAUSE", "SAID"], self.style)
                .fitted("SAID");
        for run in runs {
            let colour = match run.ended.as_str() {
                "done" | "requeued" => Colour::Good,
                "conflict" | "cancelled" | "fenced" => Colour::Pending,
                _ => Colour::Bad,
            };
            let said: Vec<&str> = run.error.iter().chain(&run.notes).map(String::as_str).collect();
            table.row(vec![
                format!("{} ago", ago(&run.began, self.now)).into(),
                took(run.seconds).into(),
                Cell::coloured(&run.ended, colour),
                run.attempt.to_string().into(),
                run.index.to_string().into(),
                run.reasons.join("; ").into(),
                said.join("; ").into(),
            ]);
        }
        if table.is_empty() { Ok(()) } else { table.print(out, "    ") }
    }
}

fn took(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", seconds * 1000.0) } else { format!("{seconds:.1} s") }
}

/// A text of several lines, which stay together.
fn lines(out: &mut impl Write, before: &str, text: &str) -> Result<()> {
    let blanks = before.chars().count();
    for (number, line) in text.trim_end().lines().enumerate() {
        if number == 0 {
            writeln!(out, "{before}{}", visible(line))?;
        } else {
            writeln!(out, "{:blanks$}{}", "", visible(line))?;
        }
    }
    Ok(())
}

/// A value as YAML, under its name.
fn block(out: &mut impl Write, name: &str, value: &Value) -> Result<()> {
    let text = value_yaml(value).unwrap_or_else(|_| value.to_string());
    let is_short = !matches!(value, Value::Object(fields) if !fields.is_empty())
        && !matches!(value, Value::Array(items) if !items.is_empty());
    if is_short {
        return Page::line(out, name, text.trim_end());
    }
    writeln!(out, "{name}:")?;
    text.lines().try_for_each(|line| writeln!(out, "  {}", visible(line)))
}
