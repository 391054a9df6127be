//! Whom changes of a watched kind wake: the question and its answer.
//!
//! One process for each change would cost a millisecond for every entry that is there at start. So a question carries up to a hundred changes, and
//! the answer is the set of all whom they wake; which of them woke whom nobody needs to know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trimtab_store::Document;

use super::answer::{self, Body, Malformed, wrong_field};
use crate::schema;

/// Changes of one kind, all of one namespace and partition.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Changes", deny_unknown_fields)]
pub(crate) struct Question<'a> {
    /// Always 1.
    protocol: u32,
    /// The controller that asks.
    controller: &'a str,
    /// The watched kind.
    kind: &'a str,
    /// What changed: at least one, at most a hundred.
    changes: Vec<Changed>,
}

/// An entry before and after.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Changed {
    /// Null when it was not there, or is found at start.
    #[schemars(with = "Option<schema::Seen>", required)]
    pub(crate) old: Option<Document>,
    /// Null when it is gone.
    #[schemars(with = "Option<schema::Seen>", required)]
    pub(crate) new: Option<Document>,
}

/// Whom changes wake.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Requests {
    /// Entries of the controller's own kind. They need not exist.
    pub requests: Vec<Target>,
}

/// The name of an entry of the controller's kind; its namespace and partition are those of the changes unless told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Woken")]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its partition.
    pub partition: Option<String>,
}

impl Requests {
    /// Reads what was answered: nothing, or one JSON document.
    pub fn parse(said: &[u8]) -> Result<Self, Malformed> {
        answer::parse(said)
    }
}

impl Body for Requests {
    fn of(fields: Map<String, Value>) -> Result<Self, Malformed> {
        serde_json::from_value(Value::Object(fields.clone()))
            .map_err(|error| Malformed::field(wrong_field::<Self>(fields, &["requests"]).as_deref(), &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_answer_names_its_field() {
        let wrong = |text: &str| Requests::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(wrong("{\"request\": []}").contains("unknown field `request`"));
        assert!(wrong("{\"requests\": {}}").contains("requests: invalid type"));
        assert!(
            wrong("{\"requests\": [{\"name\": \"a\", \"kind\": \"b\"}]}").contains("unknown field `kind`")
        );
    }
}
