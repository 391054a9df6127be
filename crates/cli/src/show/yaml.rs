//! YAML: what may be declared of an entry as a document that can be applied again, what is told of it in comments.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use trimtab::store::{Document, Labels, OwnerRef, rounded};

use super::shielded;

/// What input takes beside the spec, in its order.
#[derive(Serialize)]
struct Declared<'a> {
    kind: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: &'a Option<String>,
    #[serde(skip_serializing_if = "Labels::is_empty")]
    labels: &'a Labels,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owners: Vec<OwnerRef>,
}

/// An entry as a document that `apply` takes back; finalizers, status and meta, which it does not take, stand in comments.
pub(crate) fn entry(document: &Document) -> Result<String, String> {
    // Owners are given by name: a uid is of one life of that name.
    let owners = document.owners.iter().map(|owner| OwnerRef { uid: None, ..owner.clone() }).collect();
    let declared = Declared {
        kind: &document.kind,
        name: &document.name,
        namespace: &document.namespace,
        partition: &document.partition,
        labels: &document.labels,
        owners,
    };
    let mut text = value(&declared)? + &payload("spec", &document.spec)?;
    let mut told = String::new();
    if !document.finalizers.is_empty() {
        told += &value(&BTreeMap::from([("finalizers", &document.finalizers)]))?;
    }
    if let Some(status) = &document.status {
        told += &payload("status", status)?;
    }
    if let Some(meta) = &document.meta {
        let meta = serde_json::to_value(meta).map_err(|error| error.to_string())?;
        told += &value(&BTreeMap::from([("meta", meta)]))?;
    }
    for line in told.lines() {
        text.push_str("# ");
        text.push_str(line);
        text.push('\n');
    }
    Ok(text)
}

/// A spec or a status. One with numbers that would be rounded stays JSON, which is YAML too: whoever reads it sees every digit.
fn payload(name: &str, json: &RawValue) -> Result<String, String> {
    if rounded(json.get()).next().is_some() {
        return Ok(format!("{name}: {}\n", shielded(json.get()).replace(['\n', '\r'], " ")));
    }
    let json: Value = serde_json::from_str(json.get()).map_err(|error| error.to_string())?;
    value(&BTreeMap::from([(name, json)]))
}

/// Any value, ending in a line break.
pub(crate) fn value(value: &impl Serialize) -> Result<String, String> {
    let options = serde_saphyr::ser_options! { quote_all: false, prefer_block_scalars: false };
    let mut text = serde_saphyr::to_string_with_options(value, options).map_err(|error| error.to_string())?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::documents;

    fn document(spec: &Value) -> Document {
        serde_json::from_value(json!({
            "kind": "site", "name": "007", "namespace": "no", "labels": { "tier": "yes", "on": "1_000" },
            "owners": [{ "kind": "account", "name": "a", "uid": "00000000-0000-4000-8000-000000000001" }],
            "finalizers": ["trimtab/sites"], "spec": spec, "status": { "text": "a\nb: c\n# d", "conditions": [] },
            "meta": { "uid": "00000000-0000-4000-8000-000000000002", "generation": 1, "created": 1, "modified": 1, "created_at": "2026-03-01T12:00:00Z" },
        }))
        .unwrap()
    }

    /// What a reader of YAML may take for something else.
    #[rustfmt::skip]
    const TEXTS: [&str; 72] = [
        "no", "yes", "on", "null", "~", "", " ", " a", "a ", 
        "007", "1_000", "0x1f", "1e3", ".5", "1.", "-", "- a", "? a", 
        ": a", "a: b", "a #b", "#", "{a}", "[a]", "&a", "*a", "!a", 
        "%a", "@a", "`a", "'", "\"", "a\nb", "a\n", "\n", "\n\na\n\n", 
        "a\tb", "\t", "\r\n", "\u{1b}[2J", "\u{9b}", "\u{202e}", "\u{feff}", "2026-03-01", "12:30:00", 
        "---", "...", "=", "<<", "日本", "🦀", "a\\b", "|", ">", 
        "\u{85}", "\u{2028}", "\u{0}", "true", "True", "NaN", ".nan", ".inf", "0o17", 
        "0b1", "1:20", "a:", "a,b", "[", "]", "{", "}", "key: |\n x",
    ];

    #[test]
    fn what_is_written_is_read_back_as_the_same_by_the_reader_of_files() {
        let numbers = json!([
            0,
            -1,
            1.5,
            -0.25,
            1e300,
            u64::MAX,
            i64::MIN,
            1e-7,
            100.0,
            true,
            null,
            {},
            [],
            [[]],
            [{}]
        ]);
        let deep = (1..60).fold(json!([1.5]), |inner, _| json!({ "a": inner }));
        let keys: serde_json::Map<String, Value> =
            TEXTS.iter().map(|text| ((*text).to_owned(), Value::from(*text))).collect();
        for spec in [
            json!(TEXTS.to_vec()),
            numbers,
            Value::from(keys.clone()),
            json!({ "deep": [{ "a": keys, "b": [TEXTS.to_vec()] }] }),
            deep,
            json!("x"),
            json!(null),
        ] {
            let document = document(&spec);
            let text = entry(&document).unwrap();
            let read = documents::entries("yaml", &text).unwrap_or_else(|what| panic!("{what}\n{text}"));
            assert!(!text.contains(['\u{1b}', '\u{9b}', '\r']), "{text:?}");
            let [read] = &read[..] else { panic!("{text}") };
            assert_eq!(serde_json::from_str::<Value>(read.spec.get()).unwrap(), spec, "{text}");
            assert_eq!(
                (&read.name, &read.namespace, &read.labels),
                (&document.name, &document.namespace, &document.labels)
            );
            assert!(
                read.owners[0].uid.is_none()
                    && read.finalizers.is_empty()
                    && read.status.is_none()
                    && read.meta.is_none(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_told_stands_in_comments() {
        let text = entry(&document(&json!({ "port": 443 }))).unwrap();
        assert!(text.contains("\nspec:\n  port: 443\n# finalizers:\n"), "{text}");
        assert!(text.contains("\n# meta:\n") && text.contains("#   generation: 1\n"), "{text}");
    }

    #[test]
    fn a_number_that_would_be_rounded_is_shown_whole_and_not_taken_back() {
        let digits = "123456789012345678901234567890";
        let json = format!(
            "{{\"kind\": \"site\", \"name\": \"a\", \"spec\": {{\"id\":\n {digits}, \"t\": \"a: b\"}}}}"
        );
        let text = entry(&serde_json::from_str(&json).unwrap()).unwrap();
        assert!(text.ends_with(&format!("\nspec: {{\"id\":  {digits}, \"t\": \"a: b\"}}\n")), "{text}");
        let refused = documents::entries("yaml", &text).unwrap_err();
        assert!(refused.contains(&format!("the number {digits} has more digits than are kept")), "{refused}");
    }
}
