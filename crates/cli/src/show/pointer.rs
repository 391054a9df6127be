//! One value out of an entry, for scripts.

use std::str::FromStr;

use serde_json::Value;
use trimtab::store::Document;

/// A JSON pointer (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pointer(String);

impl FromStr for Pointer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.is_empty() && !text.starts_with('/') {
            return Err(format!("a pointer begins with `/`: did you mean `/{text}`?"));
        }
        let escapes = text.split('~').skip(1);
        for rest in escapes {
            if !rest.starts_with(['0', '1']) {
                return Err("in a pointer `~` is written `~0`, and `/` within a name `~1`".into());
            }
        }
        Ok(Self(text.into()))
    }
}

impl Pointer {
    /// What stands there: a text as it is, all else as JSON; none when nothing does.
    pub(crate) fn find(&self, document: &Value) -> Option<String> {
        document.pointer(&self.0).map(|found| match found {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// Whether anything stands there.
    pub(crate) fn is_in(&self, entry: &Document) -> bool {
        serde_json::to_value(entry).is_ok_and(|document| self.find(&document).is_some())
    }

    /// As it was typed.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_given_as_it_is_and_all_else_as_json() {
        let document = json!({ "spec": { "port": 443, "a/b": "x y", "list": [1, { "c": null }] } });
        let find = |text: &str| text.parse::<Pointer>().unwrap().find(&document);
        assert_eq!(find("/spec/port").as_deref(), Some("443"));
        assert_eq!(find("/spec/a~1b").as_deref(), Some("x y"));
        assert_eq!(find("/spec/list/1").as_deref(), Some(r#"{"c":null}"#));
        assert_eq!(find("/spec/none"), None);
        assert!(find("").unwrap().starts_with("{\"spec\""));
    }

    #[test]
    fn what_is_no_pointer_is_told() {
        let wrong = |text: &str| text.parse::<Pointer>().unwrap_err();
        assert_eq!(wrong("spec/port"), "a pointer begins with `/`: did you mean `/spec/port`?");
        assert!(wrong("/a~2").contains("~0"));
    }
}
