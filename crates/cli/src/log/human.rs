//! A line for people: when, how bad, whose, what, and what else.

use tracing::Level;
use trimtab::store::Timestamp;

use super::fields::{Fields, shown};
use crate::show::tame;

/// `2026-03-01T12:00:00.000Z WARN  sites site/blog: a reconcile failed: ended with exit code 3 (attempt 1, index 41)`
pub(super) fn line(at: Timestamp, level: Level, mut fields: Fields, coloured: bool) -> String {
    let message = fields.take("message").unwrap_or_default();
    let about: Vec<String> = ["controller", "key"].iter().filter_map(|name| fields.take(name)).collect();
    if about.len() == 2 {
        // The libraries' spans say in parts what the key says.
        for part in ["kind", "name", "tenancy"] {
            fields.take(part);
        }
    }
    let error = fields.take("error");
    let which: Vec<String> = ["attempt", "index"]
        .iter()
        .filter_map(|name| fields.take(name).map(|value| format!("{name} {value}")))
        .collect();

    let mut line = String::new();
    if !about.is_empty() {
        line += &about.join(" ");
        line += ": ";
    }
    line += &message;
    if let Some(error) = error {
        line += ": ";
        line += &error;
    }
    for (name, value) in fields.iter() {
        line.extend([" ", name, "=", &shown(value)]);
    }
    if !which.is_empty() {
        line.extend([" (", &which.join(", "), ")"]);
    }
    // What a script said may have several lines; they stay together. And it may be anything.
    format!("{at} {} {}", word(level, coloured), tame(&line).replace('\n', "\n    "))
}

fn word(level: Level, coloured: bool) -> String {
    let (word, colour) = match level {
        Level::ERROR => ("ERROR", "31"),
        Level::WARN => ("WARN ", "33"),
        Level::INFO => ("INFO ", "32"),
        Level::DEBUG => ("DEBUG", "2"),
        Level::TRACE => ("TRACE", "2"),
    };
    if coloured { format!("\x1b[{colour}m{word}\x1b[0m") } else { word.into() }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn fields() -> Fields {
        let mut fields = Fields::default();
        fields.set("attempt", 2.into());
        fields.set("controller", "sites".into());
        fields.set("request", "site/blog".into());
        fields.set("took", "3ms".into());
        fields.set("error", "one\ntwo".into());
        fields.set("message", "a reconcile failed".into());
        fields
    }

    #[test]
    fn a_line_begins_with_whom_it_is_about_and_ends_with_which_run_it_was() {
        let line = line(SystemTime::UNIX_EPOCH.into(), Level::WARN, fields(), false);
        let wanted = "1970-01-01T00:00:00.000Z WARN  sites site/blog: a reconcile failed: one\n    two took=3ms (attempt 2)";
        assert_eq!(line, wanted);
    }

    #[test]
    fn what_a_script_says_cannot_drive_the_terminal() {
        let mut fields = Fields::default();
        fields.set("message", "\x1b]0;owned\x07red\tand\nmore".into());
        let line = line(SystemTime::UNIX_EPOCH.into(), Level::INFO, fields, true);
        let wanted = "1970-01-01T00:00:00.000Z \x1b[32mINFO \x1b[0m \\u{1b}]0;owned\\u{7}red\tand\n    more";
        assert_eq!(line, wanted);
    }

    #[test]
    fn a_line_about_nobody_is_its_message() {
        let mut fields = Fields::default();
        fields.set("message", "hello".into());
        let line = line(SystemTime::UNIX_EPOCH.into(), Level::INFO, fields, true);
        assert_eq!(line, "1970-01-01T00:00:00.000Z \x1b[32mINFO \x1b[0m hello");
    }
}
