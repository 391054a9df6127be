//! What a body says for people.

use serde_json::Value;

/// So many lines of a body are shown.
const LINES: usize = 10;
/// And so many characters.
const CHARACTERS: usize = 1000;

/// Which part of a text is told when all of it is too much.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    First,
    Last,
}

/// The words of a body: a problem document's title and detail, that it is a web page, or some of its lines. Nothing when it says nothing.
pub(super) fn words(body: &[u8], part: Part) -> String {
    if let Some(problem) = problem(body) {
        return lines(&problem, part);
    }
    if is_page(body) {
        "a web page; is it the right URL?".into()
    } else {
        lines(&String::from_utf8_lossy(body), part)
    }
}

/// Whether this is HTML, whatever its headers say.
pub(super) fn is_page(body: &[u8]) -> bool {
    let start: Vec<u8> = body.trim_ascii_start().iter().take(14).map(u8::to_ascii_lowercase).collect();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// What the conditions in a document say that do not hold.
pub(super) fn of_conditions(body: &[u8]) -> String {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let conditions = document["status"]["conditions"].as_array().into_iter().flatten();
    let broken = conditions.filter(|condition| condition["status"] != "True");
    let messages: Vec<&str> = broken.filter_map(|condition| condition["message"].as_str()).collect();
    lines(&messages.join("\n"), Part::First)
}

/// Title and detail of a problem document (RFC 9457).
fn problem(body: &[u8]) -> Option<String> {
    let Value::Object(fields) = serde_json::from_slice(body).ok()? else { return None };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    match (text("title"), text("detail")) {
        (Some(title), Some(detail)) => Some(format!("{title}: {detail}")),
        (title, detail) => title.or(detail).map(str::to_owned),
    }
}

/// Some of the lines that are not blank, within the bounds; what would steer a terminal is left out.
fn lines(text: &str, part: Part) -> String {
    let printable = |line: &str| line.chars().filter(|char| !char.is_control()).collect::<String>();
    let all: Vec<String> = text
        .lines()
        .map(printable)
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.trim_end().to_owned())
        .collect();
    let skip = match part {
        Part::First => 0,
        Part::Last => all.len().saturating_sub(LINES),
    };
    let told = all.into_iter().skip(skip).take(LINES).collect::<Vec<_>>().join("\n");
    let length = told.chars().count();
    match part {
        _ if length <= CHARACTERS => told,
        Part::First => told.chars().take(CHARACTERS).chain(['…']).collect(),
        Part::Last => ['…'].into_iter().chain(told.chars().skip(length - CHARACTERS)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_bounded_at_the_end_that_matters() {
        let many = (0..100).map(|number| format!("line {number}")).collect::<Vec<_>>().join("\r\n\n");
        assert!(words(many.as_bytes(), Part::First).starts_with("line 0\nline 1\n"));
        assert!(words(many.as_bytes(), Part::Last).ends_with("line 98\nline 99"));
        let long = format!("a{}z", "-".repeat(5000));
        assert_eq!(words(long.as_bytes(), Part::First).chars().count(), CHARACTERS + 1);
        assert!(words(long.as_bytes(), Part::Last).ends_with('z'));
        assert_eq!(words(b"\x1b[31mred\x07", Part::First), "[31mred");
        assert_eq!(words(b" \r\n", Part::First), "");
        assert_eq!(words(&[0xff, b'x'], Part::First), "\u{fffd}x");
    }

    #[test]
    fn problems_and_pages_are_known() {
        let problem = br#"{"type": "about:blank", "title": "Bad port", "status": 422, "detail": "port 0"}"#;
        assert_eq!(words(problem, Part::Last), "Bad port: port 0");
        assert_eq!(words(br#"{"detail": "port 0"}"#, Part::Last), "port 0");
        assert_eq!(words(br#"{"error": "x"}"#, Part::First), r#"{"error": "x"}"#);
        assert!(words(b"\n<!DOCTYPE html><title>x", Part::First).starts_with("a web page"));
    }
}
