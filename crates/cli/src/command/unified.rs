//! What an entry says before and after, as a unified diff of its YAML.

use std::time::Duration;

use similar::TextDiff;
use trimtab::store::Document;

use crate::client::Failure;
use crate::show::{Colour, Style, entry_yaml, visible};

/// A comparison that takes longer is told more coarsely.
const MOST_TIME: Duration = Duration::from_secs(2);
/// What an entry that is not there is named.
const NOTHING: &str = "/dev/null";

/// One side: its name, and the entry when there is one.
pub(crate) type Side<'a> = (&'a str, Option<&'a Document>);

/// What differs in kind, name, labels, owners and spec; empty when nothing does. What only the store says - status, finalizers, meta - is left out.
pub(crate) fn unified(before: Side<'_>, after: Side<'_>, style: Style) -> Result<String, Failure> {
    let (old, new) = (declared(before.1)?, declared(after.1)?);
    if old == new {
        return Ok(String::new());
    }
    let diff = TextDiff::configure().timeout(MOST_TIME).diff_lines(&old, &new);
    let name = |side: Side<'_>| if side.1.is_some() { side.0.to_owned() } else { NOTHING.to_owned() };
    let text = diff.unified_diff().header(&name(before), &name(after)).to_string();
    let mut shown = String::with_capacity(text.len());
    for line in text.lines() {
        let colour = match line.as_bytes().first() {
            Some(b'+') => Some(Colour::Good),
            Some(b'-') => Some(Colour::Bad),
            Some(b'@') => Some(Colour::Pending),
            _ => None,
        };
        shown.push_str(&style.paint(&visible(line), colour));
        shown.push('\n');
    }
    Ok(shown)
}

/// What can be declared of an entry, as YAML.
fn declared(document: Option<&Document>) -> Result<String, Failure> {
    let Some(document) = document else { return Ok(String::new()) };
    let declared = Document { finalizers: Vec::new(), status: None, meta: None, ..document.clone() };
    entry_yaml(&declared).map_err(|what| Failure::failed(format!("an entry cannot be told as YAML: {what}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn site(port: u16, status: &str) -> Document {
        let value =
            json!({ "kind": "site", "name": "a", "spec": { "port": port, "root": "/" }, "status": status });
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_what_can_be_declared_is_compared() {
        let (one, two) = (site(80, "a"), site(80, "b"));
        let same = unified(("a", Some(&one)), ("b", Some(&two)), Style::default()).unwrap();
        assert_eq!(same, "");
    }

    #[test]
    fn lines_that_differ_stand_with_their_surroundings_and_coloured_when_that_is_wanted() {
        let (one, two) = (site(80, "a"), site(443, "a"));
        let sides = (("site/a at 3", Some(&one)), ("site/a from a.yaml:1", Some(&two)));
        let plain = unified(sides.0, sides.1, Style::default()).unwrap();
        let wanted = "--- site/a at 3\n+++ site/a from a.yaml:1\n@@ -1,5 +1,5 @@\n kind: site\n name: a\n spec:\n-  port: 80\n+  port: 443\n   root: /\n";
        assert_eq!(plain, wanted);
        let style = Style { is_coloured: true, ..Style::default() };
        let coloured = unified(sides.0, sides.1, style).unwrap();
        assert!(
            coloured.contains("\x1b[31m-  port: 80\x1b[0m\n\x1b[32m+  port: 443\x1b[0m\n"),
            "{coloured:?}"
        );
    }

    #[test]
    fn what_is_not_there_is_compared_with_nothing() {
        let new = site(80, "a");
        let text = unified(("x", None), ("site/a from a.yaml:1", Some(&new)), Style::default()).unwrap();
        assert!(text.starts_with("--- /dev/null\n+++ site/a from a.yaml:1\n@@ -0,0 +1,"), "{text}");
    }
}
