//! Whether a value has the form of an entry, told by field.
//!
//! Serde's own words name types of Rust (`expected a map`) and not always the field. A person who wrote a list where a mapping belongs is told which field it is, what stands
//! there, and what is allowed.

use serde_json::{Map, Value};

use crate::config::nearest;

/// A field, and what is wrong with it.
pub(crate) type Wrong = (String, String);

/// What a field must be.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Texts,
    Labels,
    Owners,
    Any,
    Object,
}

const ENTRY: [(&str, Form); 10] = [
    ("kind", Form::Text),
    ("name", Form::Text),
    ("namespace", Form::Text),
    ("partition", Form::Text),
    ("labels", Form::Labels),
    ("owners", Form::Owners),
    ("finalizers", Form::Texts),
    ("spec", Form::Any),
    ("status", Form::Any),
    ("meta", Form::Object),
];
const OWNER: [(&str, Form); 3] = [("kind", Form::Text), ("name", Form::Text), ("uid", Form::Text)];

/// The first thing that keeps a value from being an entry. What the fields hold is judged by the store.
pub(crate) fn wrong(value: &Value) -> Option<Wrong> {
    let Value::Object(fields) = value else {
        let what = format!("must be an entry - `kind`, `name` and `spec` - not {}", kind_of(value));
        return Some((String::new(), what));
    };
    fields_of(fields, &ENTRY, "").or_else(|| missing(fields, &["kind", "name", "spec"], ""))
}

fn missing(fields: &Map<String, Value>, needed: &[&str], path: &str) -> Option<Wrong> {
    let name = needed.iter().find(|name| !fields.contains_key(**name))?;
    Some((format!("{path}{name}"), "is missing".into()))
}

fn fields_of(fields: &Map<String, Value>, known: &[(&str, Form)], path: &str) -> Option<Wrong> {
    fields.iter().find_map(|(name, value)| {
        let Some((_, form)) = known.iter().find(|(known, _)| known == name) else {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            let near = nearest(name, names.iter().copied());
            let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let what = format!("is not a field here; known are {}{hint}", names.join(", "));
            return Some((format!("{path}{name}"), what));
        };
        unlike(*form, value, &format!("{path}{name}"))
    })
}

fn unlike(form: Form, value: &Value, path: &str) -> Option<Wrong> {
    let told = |wanted: &str| Some((path.to_owned(), format!("must be {wanted}, not {}", kind_of(value))));
    match (form, value) {
        (Form::Labels | Form::Object, Value::Null) => told("a mapping; leave it out when there is none"),
        (Form::Owners | Form::Texts, Value::Null) => told("a list; leave it out when there is none"),
        (Form::Text, Value::Number(_) | Value::Bool(_)) => told("a text: put it in quotes"),
        (Form::Text, Value::String(_)) | (Form::Any, _) | (Form::Object, Value::Object(_)) => None,
        (Form::Text, _) => told("a text"),
        (Form::Object, _) => told("a mapping"),
        (Form::Texts, Value::Array(items)) => {
            let wrong = |(number, item)| unlike(Form::Text, item, &format!("{path}[{number}]"));
            items.iter().enumerate().find_map(wrong)
        }
        (Form::Texts, _) => told("a list of texts"),
        (Form::Labels, Value::Object(labels)) => {
            labels.iter().find_map(|(name, value)| unlike(Form::Text, value, &format!("{path}.{name}")))
        }
        (Form::Labels, _) => told("a mapping of texts, such as `{tier: web}`"),
        (Form::Owners, Value::Array(items)) => items.iter().enumerate().find_map(|(number, item)| {
            let path = format!("{path}[{number}]");
            let Value::Object(fields) = item else {
                return Some((path, format!("must be an owner - `kind` and `name` - not {}", kind_of(item))));
            };
            let within = format!("{path}.");
            fields_of(fields, &OWNER, &within).or_else(|| missing(fields, &["kind", "name"], &within))
        }),
        (Form::Owners, _) => told("a list of owners, such as `[{kind: account, name: a}]`"),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trimtab::store::Document;

    use super::*;

    #[test]
    fn each_wrong_form_names_its_field_and_says_what_is_allowed() {
        let whole = |fields: Value| {
            let mut entry = json!({ "kind": "site", "name": "a", "spec": {} });
            for (name, value) in fields.as_object().unwrap() {
                entry[name] = value.clone();
            }
            entry
        };
        for (value, wanted) in [
            (json!([1]), ": must be an entry - `kind`, `name` and `spec` - not a list"),
            (json!({ "kind": "site", "spec": {} }), "name: is missing"),
            (whole(json!({ "name": 7 })), "name: must be a text: put it in quotes, not a number"),
            (
                whole(json!({ "labels": 5 })),
                "labels: must be a mapping of texts, such as `{tier: web}`, not a number",
            ),
            (
                whole(json!({ "labels": { "a": true } })),
                "labels.a: must be a text: put it in quotes, not true or false",
            ),
            (
                whole(json!({ "labels": null })),
                "labels: must be a mapping; leave it out when there is none, not nothing",
            ),
            (
                whole(json!({ "owners": {} })),
                "owners: must be a list of owners, such as `[{kind: account, name: a}]`, not a mapping",
            ),
            (
                whole(json!({ "owners": ["a"] })),
                "owners[0]: must be an owner - `kind` and `name` - not a text",
            ),
            (whole(json!({ "owners": [{ "kind": "a" }] })), "owners[0].name: is missing"),
            (
                whole(json!({ "lables": {} })),
                "lables: is not a field here; known are kind, name, namespace, partition, labels, owners, finalizers, spec, status, meta; did you mean `labels`?",
            ),
        ] {
            let (field, what) = wrong(&value).unwrap();
            assert_eq!(format!("{field}: {what}"), wanted);
            assert!(serde_json::from_value::<Document>(value).is_err(), "the store agrees: {wanted}");
        }
    }

    #[test]
    fn what_has_the_form_is_an_entry() {
        let entry = json!({ "kind": "site", "name": "a", "namespace": "b", "labels": { "c": "d" },
            "owners": [{ "kind": "e", "name": "f" }], "spec": 5 });
        assert_eq!(wrong(&entry), None);
        assert!(serde_json::from_value::<Document>(entry).is_ok());
    }
}
