//! The JSON Schema of the file, so that editors complete it and mark mistakes.

use serde_json::{Map, Value, json};

use super::{Presence, Rule, Setting, Shape, Table};

/// The schema of a file whose root is this table, of draft 2020-12.
pub(crate) fn schema(root: &Table) -> Value {
    let mut schema = Map::from_iter([
        ("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema")),
        ("title".to_owned(), json!("trimtab.toml")),
    ]);
    schema.extend(table(root));
    Value::Object(schema)
}

fn table(table: &Table) -> Map<String, Value> {
    let properties: Map<_, _> =
        table.settings.iter().map(|setting| (setting.name.to_owned(), described(setting))).collect();
    let required = table.settings.iter().filter(|setting| matches!(setting.presence, Presence::Required));
    let required: Vec<_> = required.map(|setting| setting.name).collect();
    let mut schema = Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("description".to_owned(), json!(table.doc)),
        ("properties".to_owned(), Value::Object(properties)),
        ("additionalProperties".to_owned(), json!(false)),
    ]);
    if !required.is_empty() {
        schema.insert("required".into(), json!(required));
    }
    let rules: Vec<_> = table.rules.iter().map(|rule| ruled(table, rule)).collect();
    if !rules.is_empty() {
        schema.insert("allOf".into(), json!(rules));
    }
    schema
}

/// What it takes for a setting to be given.
fn given(table: &Table, name: &str) -> Value {
    match table.setting(name).shape {
        Shape::Flag => json!({ "required": [name], "properties": { name: { "const": true } } }),
        _ => json!({ "required": [name] }),
    }
}

fn ruled(table: &Table, rule: &Rule) -> Value {
    match rule {
        Rule::OneOf(names) => {
            json!({ "oneOf": names.iter().map(|name| given(table, name)).collect::<Vec<_>>() })
        }
        Rule::Needs(name, other) => json!({ "dependentRequired": { *name: [other] } }),
    }
}

fn described(setting: &Setting) -> Value {
    let mut schema = shape(&setting.shape);
    let mut doc = setting.doc.to_owned();
    match setting.presence {
        Presence::Required => {}
        Presence::Default(text) => drop(schema.insert("default".into(), value(text))),
        Presence::Absent(words) => doc = format!("{doc} Left out: {words}."),
    }
    schema.insert("description".into(), json!(doc));
    schema.insert("examples".into(), json!([value(setting.example)]));
    Value::Object(schema)
}

pub(super) fn shape(shape: &Shape) -> Map<String, Value> {
    let text = |pattern: Option<&str>| match pattern {
        Some(pattern) => json!({ "type": "string", "pattern": pattern }),
        None => json!({ "type": "string" }),
    };
    let schema = match shape {
        Shape::Choice(texts) => json!({ "type": "string", "enum": texts }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Command => {
            let program = json!({ "type": "string", "minLength": 1 });
            json!({ "type": "array", "items": { "type": "string" }, "prefixItems": [program], "minItems": 1 })
        }
        Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::FreeTexts => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Shape::Table(inner) => Value::Object(table(inner)),
        Shape::Tables(inner) => json!({ "type": "array", "items": table(inner) }),
        Shape::TextOr(inner) => {
            json!({ "oneOf": [text(inner.settings[0].shape.pattern()), table(inner)] })
        }
        _ => text(shape.pattern()),
    };
    match schema {
        Value::Object(fields) => fields,
        _ => unreachable!("each of them is an object"),
    }
}

/// A value as it would stand in the file.
///
/// # Panics
/// When it is none.
fn value(text: &'static str) -> Value {
    let parsed = toml::de::DeValue::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    crate::documents::toml_value(parsed.into_inner()).unwrap_or_else(|what| panic!("{text}: {what}"))
}
