//! What a script answers: nothing, or one JSON document.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use trimtab::store::Document;

use crate::config::parse_duration;
use crate::documents::Unique;

/// The answer. Every field may be left out; a field that is not here is an error, so that a misspelt one is not lost.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Output {
    /// A patch of the status (RFC 7396); its `conditions` are this controller's, as a set.
    pub(crate) status: Option<serde_json::Map<String, Value>>,
    /// Entries to make so; the reconciled entry becomes the owner of those whose kind is watched with `owner = true`.
    pub(crate) apply: Vec<Document>,
    /// Entries to delete.
    pub(crate) delete: Vec<Target>,
    /// Run again after this long.
    #[serde(deserialize_with = "maybe_duration")]
    pub(crate) requeue_after: Option<Duration>,
    /// The clean-up is done: the delete may go on.
    pub(crate) finalized: bool,
    /// Kinds of children of which those that were not applied are deleted.
    pub(crate) exactly: Vec<String>,
}

/// The name of an entry; its namespace is that of the request unless told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: Option<String>,
    pub(crate) partition: Option<String>,
}

fn maybe_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse_duration(&text)).transpose().map_err(serde::de::Error::custom)
}

impl Output {
    /// Reads what was printed. The error says what is wrong with it, for the log and the status of the key.
    pub(crate) fn parse(printed: &[u8]) -> Result<Self, String> {
        let text =
            std::str::from_utf8(printed).map_err(|_| "standard output is not UTF-8 text".to_owned())?;
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let wrong = |error: serde_json::Error| {
            let start: String = text.trim().chars().take(60).collect();
            format!("standard output must be nothing or one JSON document: {error}; it begins {start:?}")
        };
        let Unique(value) = serde_json::from_str(text).map_err(wrong)?;
        // Serde would take a list for the fields in their order.
        let Value::Object(fields) = value else {
            return Err(
                "standard output is not an answer of protocol 1: it must be an object, such as `{}`".into()
            );
        };
        serde_json::from_value(Value::Object(fields.clone())).map_err(|error| {
            let field = wrong_field(fields).map(|field| format!("{field}: ")).unwrap_or_default();
            format!("standard output is not an answer of protocol 1: {field}{error}")
        })
    }
}

/// The known field that cannot be read. Serde's error names unknown fields only.
fn wrong_field(fields: serde_json::Map<String, Value>) -> Option<String> {
    let known = ["status", "apply", "delete", "requeue_after", "finalized", "exactly"];
    let mut fields = fields.into_iter().filter(|(name, _)| known.contains(&name.as_str()));
    fields.find_map(|(name, value)| {
        let alone = serde_json::Map::from_iter([(name.clone(), value)]);
        serde_json::from_value::<Output>(Value::Object(alone)).is_err().then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_an_answer_and_so_is_the_whole_of_it() {
        assert!(Output::parse(b" \n").unwrap().apply.is_empty());
        let whole = br#"{"status": {"a": 1}, "apply": [{"kind": "listing", "name": "b-1", "spec": {}}],
            "delete": [{"kind": "listing", "name": "b-0"}], "requeue_after": "30s", "finalized": true, "exactly": ["listing"]}"#;
        let output = Output::parse(whole).unwrap();
        assert_eq!((output.apply[0].name.as_str(), output.delete[0].name.as_str()), ("b-1", "b-0"));
        assert_eq!((output.requeue_after, output.finalized), (Some(Duration::from_secs(30)), true));
    }

    #[test]
    fn what_is_no_answer_is_told_with_its_beginning_or_its_field() {
        let wrong = |text: &str| Output::parse(text.as_bytes()).unwrap_err();
        assert!(wrong("hello").ends_with("it begins \"hello\""), "{}", wrong("hello"));
        assert!(wrong("{} {}").contains("trailing characters"));
        assert!(wrong("{\"statsu\": {}}").contains("unknown field `statsu`"));
        assert!(wrong("{\"status\": {}, \"status\": {}}").contains("duplicate key `status`"));
        assert!(
            wrong("{\"requeue_after\": 30}")
                .contains("requeue_after: invalid type: integer `30`, expected a string")
        );
        assert!(wrong("[]").ends_with("it must be an object, such as `{}`"), "{}", wrong("[]"));
        assert!(wrong("{\"requeue_after\": \"30\"}").contains("not a duration"));
        assert!(
            wrong("{\"apply\": [{\"kind\": \"a\", \"name\": \"b\", \"sepc\": {}}]}")
                .contains("unknown field `sepc`")
        );
        assert_eq!(Output::parse(&[0xff]).unwrap_err(), "standard output is not UTF-8 text");
    }
}
