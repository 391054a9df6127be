//! JSON Schemas of the documents, made from the types that read and write them.
//!
//! A schema that is written by hand is right on the day it is written. These are shipped so that editors complete documents and reconcilers can
//! test what they answer; like the parsers they refuse unknown fields.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

use crate::protocol::{self, Output, Requests};

/// What a reconciler is given.
pub fn input() -> Value {
    generator().into_root_schema_for::<protocol::Shown<'static>>().to_value()
}

/// What a process or a webhook answers. A worker's line may also have [`reply`]'s fields.
pub fn output() -> Value {
    generator().into_root_schema_for::<Output>().to_value()
}

/// What a worker answers: an output, and how it went.
pub fn reply() -> Value {
    let mut whole = output();
    let telling = generator().into_root_schema_for::<protocol::Telling>().to_value();
    for part in ["properties", "$defs"] {
        if let (Some(Value::Object(into)), Some(Value::Object(from))) =
            (whole.get_mut(part), telling.get(part))
        {
            into.extend(from.clone());
        }
    }
    whole["title"] = "Reply".into();
    whole["description"] = "The line that a worker answers: an output, and how it went.".into();
    whole
}

/// What a `map` is given.
pub fn map_input() -> Value {
    generator().into_root_schema_for::<protocol::Question<'static>>().to_value()
}

/// What a `map` answers.
pub fn map_output() -> Value {
    generator().into_root_schema_for::<Requests>().to_value()
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

/// An entry as a reconciler gives it. A misspelt field is an error.
#[derive(JsonSchema)]
#[schemars(rename = "GivenEntry", deny_unknown_fields)]
#[expect(dead_code, reason = "a schema of another type")]
pub(crate) struct Given {
    /// Its kind.
    kind: Name,
    /// Its name.
    name: Name,
    /// Its namespace. Default: the request's.
    namespace: Option<String>,
    /// Its partition. Default: the request's.
    partition: Option<String>,
    /// Its labels.
    #[schemars(default)]
    labels: BTreeMap<String, String>,
    /// Who owns it, beside the reconciled entry.
    #[schemars(default)]
    owners: Vec<Owner>,
    /// What should be.
    spec: Value,
}

/// An entry as a reconciler is shown it.
#[derive(JsonSchema)]
#[schemars(rename = "Entry", deny_unknown_fields)]
#[expect(dead_code, reason = "a schema of another type")]
pub(crate) struct Seen {
    /// Its kind.
    kind: Name,
    /// Its name.
    name: Name,
    /// Its namespace, when that is not `default`.
    namespace: Option<String>,
    /// Its partition, when that is not `default`.
    partition: Option<String>,
    /// Its labels.
    #[schemars(default)]
    labels: BTreeMap<String, String>,
    /// Who owns it.
    #[schemars(default)]
    owners: Vec<Owner>,
    /// What must be done before it can go.
    #[schemars(default)]
    finalizers: Vec<String>,
    /// What should be.
    spec: Value,
    /// What is; absent while none was written.
    #[schemars(default)]
    status: Value,
    /// What the store knows of it: uid, generation, versions, times.
    meta: Map<String, Value>,
}

/// A kind or a name.
type Name = String;

/// An entry as a reconciler is shown it, or null. Not `Option`: that is taken for a field that may be left out, and marked as required for one that cannot be null.
pub(crate) struct SeenOrNull;

impl JsonSchema for SeenOrNull {
    fn schema_name() -> Cow<'static, str> {
        "EntryOrNull".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Option<Seen>>()
    }
}

/// An owner.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "a schema of another type")]
struct Owner {
    /// Its kind.
    kind: Name,
    /// Its name.
    name: Name,
    /// Which of the lives of that name. Default: the one that is there.
    uid: Option<String>,
}

/// A patch of the status (RFC 7396): null removes a field.
#[derive(JsonSchema)]
#[schemars(rename = "StatusPatch")]
#[expect(dead_code, reason = "a schema of another type")]
pub(crate) struct Status {
    /// All conditions that this controller states, as a set; null: none.
    #[schemars(default)]
    conditions: Option<Vec<Condition>>,
}

/// One aspect of how an entry fares.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "a schema of another type")]
struct Condition {
    /// Such as `Ready`.
    #[schemars(rename = "type")]
    type_: String,
    /// Whether it holds.
    status: Holds,
    /// One word for programs.
    reason: String,
    /// A sentence for people.
    #[schemars(default)]
    message: String,
    /// What it is about, where one type is stated of several things.
    about: Option<String>,
}

/// Whether a condition holds.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a schema of another type")]
enum Holds {
    True,
    False,
    Unknown,
}

/// A whole number and `ms`, `s`, `m`, `h` or `d`, such as `30s`.
#[derive(JsonSchema)]
#[schemars(transparent)]
#[expect(dead_code, reason = "a schema of another type")]
pub(crate) struct Span(#[schemars(regex(pattern = r"^[0-9]+(ms|s|m|h|d)$"))] String);
