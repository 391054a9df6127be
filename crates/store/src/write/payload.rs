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
        let text = match self {
            Self::Kept => return None,
            Self::Text(text) => text,
            Self::Value(value) => value.to_string().into(),
        };
        (!json::same_text(&text, stored.unwrap_or("null"))).then_some(text)
    }
}
