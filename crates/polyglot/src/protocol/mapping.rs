//! Whom changes of a watched kind wake: the question and its answer.
//!
//! One process for each change would cost a millisecond for every entry that is there at start. So a question carries up to a hundred changes, and
//! the answer is the set of all whom they wake; which of them woke whom nobody needs to know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use trimtab_store::{Change, Document};

use super::answer::{self, Body, Malformed, wrong_field};
use super::input::{NoInput, document, line};
use super::{MOST_INPUT, PROTOCOL};
use crate::schema;

/// So many bytes of changes go into one question.
const MOST_CHANGES: usize = MOST_INPUT / 2;

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
    #[schemars(with = "Vec<Changed>")]
    changes: Vec<Box<RawValue>>,
}

/// An entry before and after.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Changed {
    /// Null when it was not there, or is found at start.
    #[schemars(with = "schema::SeenOrNull")]
    old: Option<Document>,
    /// Null when it is gone.
    #[schemars(with = "schema::SeenOrNull")]
    new: Option<Document>,
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

impl<'a> Question<'a> {
    /// The questions about these changes, as few as there can be when none may be too long.
    pub(crate) fn of(controller: &'a str, kind: &'a str, changes: &[Change]) -> Result<Vec<Self>, NoInput> {
        let begin = || Self { protocol: PROTOCOL, controller, kind, changes: Vec::new() };
        let (mut questions, mut last, mut length) = (Vec::new(), begin(), 0);
        for change in changes {
            let old = change.old.as_ref().map(document).transpose()?;
            let new = change.new.as_ref().map(document).transpose()?;
            let json = to_raw_value(&Changed { old, new }).expect("texts and JSON can be written as JSON");
            if length + json.get().len() > MOST_CHANGES && !last.changes.is_empty() {
                questions.push(std::mem::replace(&mut last, begin()));
                length = 0;
            }
            length += json.get().len();
            last.changes.push(json);
        }
        questions.push(last);
        Ok(questions)
    }

    /// The document, with a newline at its end.
    pub(crate) fn to_line(&self) -> Result<Vec<u8>, NoInput> {
        line(self)
    }
}

impl Requests {
    /// Reads what was answered: nothing, or one JSON document.
    pub fn parse(said: &[u8]) -> Result<Self, Malformed> {
        answer::parse(said)
    }
}

impl Body for Requests {
    fn of(fields: Map<String, Value>) -> Result<Self, Malformed> {
        answer::objects(&fields, &["requests"])?;
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
        // Was taken for the fields in their order.
        assert!(wrong("{\"requests\": [[\"a\", null, null]]}").contains("requests[0]: must be an object"));
    }
}
