//! What a reconciler answers: nothing, or one JSON document.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use trimtab_store::Document;

use super::answer::{self, Body, Malformed, wrong_field};
use super::parse_duration;
use crate::schema;

/// The answer. Every field may be left out; a field that is not here is an error, so that a misspelt one is not lost.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Output {
    /// A patch of the status (RFC 7396); its `conditions` are this controller's, as a set.
    #[schemars(with = "Option<schema::Status>")]
    pub status: Option<Map<String, Value>>,
    /// Entries to make so; the reconciled entry becomes the owner of those whose kind is watched with `owner = true`.
    #[schemars(with = "Vec<schema::Given>")]
    pub apply: Vec<Document>,
    /// Entries to delete.
    pub delete: Vec<Target>,
    /// Run again after this long: a whole number and `ms`, `s`, `m`, `h` or `d`.
    #[serde(deserialize_with = "maybe_duration")]
    #[schemars(with = "Option<schema::Span>")]
    pub requeue_after: Option<Duration>,
    /// The clean-up is done: the delete may go on.
    pub finalized: bool,
    /// Kinds of children of which those that were not applied are deleted.
    pub exactly: Vec<String>,
}

/// The name of an entry; its namespace and partition are those of the request unless told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its partition.
    pub partition: Option<String>,
}

pub(crate) fn maybe_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse_duration(&text)).transpose().map_err(serde::de::Error::custom)
}

impl Output {
    /// Reads what was printed. The error says what is wrong with it, for the log and the status of the key.
    ///
    /// ```
    /// use trimtab_polyglot::protocol::Output;
    ///
    /// let output = Output::parse(br#"{"finalized": true}"#)?;
    /// assert!(output.finalized && output.apply.is_empty());
    /// let wrong = Output::parse(br#"{"finalised": true}"#).unwrap_err().to_string();
    /// assert!(wrong.contains("unknown field `finalised`"));
    /// # Ok::<(), trimtab_polyglot::protocol::Malformed>(())
    /// ```
    pub fn parse(printed: &[u8]) -> Result<Self, Malformed> {
        answer::parse(printed)
    }
}

impl Body for Output {
    fn of(fields: Map<String, Value>) -> Result<Self, Malformed> {
        let known = ["status", "apply", "delete", "requeue_after", "finalized", "exactly"];
        answer::objects(&fields, &["apply", "delete"])?;
        serde_json::from_value(Value::Object(fields.clone()))
            .map_err(|error| Malformed::field(wrong_field::<Self>(fields, &known).as_deref(), &error))
    }
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
        let wrong = |text: &str| Output::parse(text.as_bytes()).unwrap_err().to_string();
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
        // Were taken for the fields in their order.
        assert!(
            wrong("{\"delete\": [[\"kind\", \"name\", null, null]]}")
                .ends_with("delete[0]: must be an object")
        );
        assert!(
            wrong("{\"apply\": [[\"a\", \"b\", null, null, {}, [], [], {}]]}")
                .ends_with("apply[0]: must be an object")
        );
        assert_eq!(Output::parse(&[0xff]).unwrap_err().to_string(), "is not UTF-8 text");
    }
}
