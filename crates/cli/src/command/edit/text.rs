//! The text of an entry in an editor: a heading, YAML, and what is told but cannot be edited in comments.

use serde_json::Value;
use trimtab::store::{Document, rounded};

use crate::client::{Failure, key_of};
use crate::command::told::shown;
use crate::documents::entry_of;
use crate::show::{entry_yaml, visible};

/// Lines that begin so are ours. Other comments are whoever's typed them.
const OURS: &str = "#> ";

/// An entry as it was read, as a text.
pub(super) struct Text {
    read: Document,
    yaml: String,
}

/// What a text that comes back is.
pub(super) enum Typed {
    /// Nothing but comments.
    Nothing,
    /// What it was.
    Same,
    /// No entry, or another one.
    Wrong(Wrong),
    /// An entry to be written.
    Entry(Box<Document>),
}

/// What is wrong with a text.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    /// The line below the heading, when it is known.
    line: Option<usize>,
    what: String,
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { line: None, what: what.into() }
    }

    /// With the line in a file whose heading has so many.
    fn below(&self, heading: usize) -> String {
        match self.line {
            Some(line) => format!("line {}: {}", line + heading, self.what),
            None => self.what.clone(),
        }
    }

    /// With the line in this file.
    pub(super) fn within(&self, typed: &str) -> String {
        self.below(typed.lines().take_while(|line| is_ours(line)).count())
    }
}

impl Text {
    pub(super) fn of(read: &Document) -> Result<Self, Failure> {
        let yaml = entry_yaml(read)
            .map_err(|what| Failure::failed(format!("the entry cannot be told as YAML: {what}")))?;
        Ok(Self { read: read.clone(), yaml })
    }

    /// As it is shown first.
    pub(super) fn first(&self) -> String {
        format!("{}{}", self.heading(), self.yaml)
    }

    /// As it is shown again: what was typed, and what is wrong with it.
    pub(super) fn again(&self, typed: &str, wrong: &Wrong) -> String {
        let mut text = self.heading();
        let lines = text.lines().count() + wrong.what.lines().count();
        for line in wrong.below(lines).lines() {
            text.extend([OURS, "error: ", &visible(line.trim()), "\n"]);
        }
        text.extend(typed.lines().filter(|line| !is_ours(line)).flat_map(|line| [line, "\n"]));
        text
    }

    fn heading(&self) -> String {
        let key = shown(&key_of(&self.read));
        format!(
            "{OURS}{}: change spec and labels, save, and close the editor.\n{OURS}An empty file breaks it off. Comments are not kept.\n",
            visible(&key)
        )
    }

    /// What came back.
    pub(super) fn read(&self, typed: &str) -> Typed {
        let is_told = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
        if typed.lines().all(|line| is_told(&line)) {
            return Typed::Nothing;
        }
        let below: String =
            typed.lines().filter(|line| !is_ours(line)).flat_map(|line| [line, "\n"]).collect();
        if below == self.yaml {
            return Typed::Same;
        }
        let document = match entry_of(&below) {
            Ok(document) => document,
            Err((line, what)) => return Typed::Wrong(Wrong { line, what }),
        };
        if key_of(&document) != key_of(&self.read) {
            let key = shown(&key_of(&self.read));
            let what = format!("kind, name, namespace and partition cannot be edited: they say {key}");
            return Typed::Wrong(Wrong::new(what));
        }
        self.compare(document)
    }

    fn compare(&self, mut document: Document) -> Typed {
        let is_of = |document: &Document, kind: &str, name: &str| {
            document.owners.iter().any(|owner| owner.kind == kind && owner.name == name)
        };
        let gone = self.read.owners.iter().find(|owner| !is_of(&document, &owner.kind, &owner.name));
        if let Some(owner) = gone {
            let what = format!("owners: {}/{} cannot be taken off by an edit", owner.kind, owner.name);
            return Typed::Wrong(Wrong::new(format!("{what}; an owner is added, or goes")));
        }
        // Those that were there stay, whatever is said; a former life of one could not be named again.
        document.owners.retain(|owner| !is_of(&self.read, &owner.kind, &owner.name));
        let spec = |document: &Document| serde_json::from_str::<Value>(document.spec.get()).ok();
        // What was read may have more digits than the values that are compared.
        let is_exact = rounded(self.read.spec.get()).next().is_none();
        let same = document.labels == self.read.labels && spec(&document) == spec(&self.read) && is_exact;
        let says_more =
            document.status.is_some() || document.meta.is_some() || !document.finalizers.is_empty();
        if same && document.owners.is_empty() && !says_more {
            return Typed::Same;
        }
        Typed::Entry(Box::new(document))
    }
}

fn is_ours(line: &str) -> bool {
    line.starts_with(OURS) || line == OURS.trim_end()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text() -> Text {
        let read = json!({ "kind": "site", "name": "a", "owners": [{ "kind": "account", "name": "b" }],
            "spec": { "port": 80 }, "status": { "n": 1 } });
        Text::of(&serde_json::from_value(read).unwrap()).unwrap()
    }

    fn wrong(text: &Text, typed: &str) -> Wrong {
        match text.read(typed) {
            Typed::Wrong(wrong) => wrong,
            _ => panic!("nothing is wrong with\n{typed}"),
        }
    }

    #[test]
    fn what_comes_back_as_it_was_or_with_other_comments_is_the_same() {
        let text = text();
        assert!(matches!(text.read(&text.first()), Typed::Same), "{}", text.first());
        assert!(matches!(text.read(&format!("# mine\n{}", text.first())), Typed::Same));
        assert!(text.first().contains("\n# status:\n"), "what cannot be edited stands in comments");
    }

    #[test]
    fn digits_that_no_double_holds_are_not_rounded_by_looking_at_them() {
        let spec = r#"{"kind": "site", "name": "a", "spec": {"id": 123456789012345678901234567890}}"#;
        let text = Text::of(&serde_json::from_str(spec).unwrap()).unwrap();
        assert!(matches!(text.read(&text.first()), Typed::Same), "{}", text.first());
        assert!(wrong(&text, &format!("{}# mine\n", text.first())).what.contains("put it in quotes"));
        let typed = text.first().replace("123456789012345678901234567890", "1.2345678901234568e+29");
        assert!(matches!(text.read(&typed), Typed::Entry(_)), "{typed}");
    }

    #[test]
    fn a_text_without_anything_but_comments_is_nothing() {
        for typed in ["", "\n\n", "# a\n  # b\n"] {
            assert!(matches!(text().read(typed), Typed::Nothing), "{typed:?}");
        }
    }

    #[test]
    fn what_was_changed_is_an_entry_without_the_owners_that_stay_anyway() {
        let text = text();
        let Typed::Entry(document) = text.read(&text.first().replace("80", "443")) else { panic!() };
        assert_eq!(document.spec.get(), r#"{"port":443}"#);
        assert!(document.owners.is_empty() && document.status.is_none());
    }

    #[test]
    fn a_mistake_is_shown_above_with_its_line_in_the_file_and_what_was_typed_stays() {
        let text = text();
        let typed = format!("# mine\n{}spec: 7\n", text.first());
        let shown = text.again(&typed, &wrong(&text, &typed));
        let told = shown.lines().find(|line| line.contains("error: ")).unwrap();
        let number: usize = told.split("line ").nth(1).unwrap().split(':').next().unwrap().parse().unwrap();
        assert_eq!(shown.lines().nth(number - 1), Some("spec: 7"), "{shown}");
        assert!(shown.contains("\n# mine\n"), "{shown}");
        let again = text.again(&shown, &Wrong::new("another"));
        assert!(!again.contains("duplicate") && again.contains("#> error: another\n"), "{again}");
    }

    #[test]
    fn names_and_owners_cannot_be_edited() {
        let text = text();
        let other = wrong(&text, &text.first().replace("name: a\n", "name: c\n"));
        assert!(other.what.contains("they say site/a"), "{other:?}");
        let freed = wrong(&text, &text.first().replace("owners:\n- kind: account\n  name: b\n", ""));
        assert!(freed.what.starts_with("owners: account/b cannot be taken off"), "{freed:?}");
        let two = wrong(&text, &format!("{}---\nkind: site\nname: b\nspec: 1\n", text.first()));
        assert_eq!(two.what, "there must be one entry, not 2");
    }
}
