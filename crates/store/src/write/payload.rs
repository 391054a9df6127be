//! A spec or status on its way to being written.

use serde_json::Value;

use super::json;
use super::verb::Edit;

/// What a half of an entry is to hold.
pub(super) enum Payload {
    /// What it holds.
    Kept,
    /// This JSON text, as it stands.
    Text(Box<str>),
    /// This value.
    Value(Value),
}

impl Payload {
    /// Lays an edit over it; `stored` is what the half holds.
    pub(super) fn edit(&mut self, stored: Option<&str>, edit: &Edit) {
        let mut value = match std::mem::replace(self, Self::Kept) {
            Self::Kept => stored.and_then(json::parse).unwrap_or_default(),
            Self::Text(text) => json::parse(&text).unwrap_or_default(),
            Self::Value(value) => value,
        };
        json::lay(&mut value, &edit.before, &edit.after);
        *self = Self::Value(value);
    }

    /// The text to write; none when it means the same as what is stored, so that text which only looks different is left as it is. Nothing
    /// stored means the same as null.
    pub(super) fn changed(self, stored: Option<&str>) -> Option<Box<str>> {
        let stored = stored.unwrap_or("null");
        match self {
            Self::Kept => None,
            Self::Text(text) => (!json::same_digits(&text, stored)).then_some(text),
            // It was read as doubles, and has no digits of its own.
            Self::Value(value) => {
                let text = value.to_string();
                (!json::same_text(&text, stored)).then(|| text.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_digits_of_a_number_that_no_double_holds_are_a_change() {
        let changed = |text: &str, stored: &str| Payload::Text(text.into()).changed(Some(stored)).is_some();
        let stored = r#"{"a": 1, "id": 123456789012345678901234567890}"#;
        assert!(changed(r#"{"a": 1, "id": 123456789012345678901234567891}"#, stored));
        assert!(
            !changed(r#"{"id":123456789012345678901234567890,"a":1.0}"#, stored),
            "it only looks different"
        );
        // An edit that touches nothing is none, although what it read was rounded.
        let read = json::parse(stored).unwrap();
        assert!(Payload::Value(read).changed(Some(stored)).is_none());
    }
}
