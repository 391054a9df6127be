//! The document that a reconciler reads: one line of JSON without blanks, so that a shell can take it apart.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use trimtab_backend::Key;
use trimtab_store::{DecodeError, Document, Entry};

use super::{MOST_INPUT, PROTOCOL};
use crate::schema;

/// What a run is about and what it may look at.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    pub(crate) controller: &'a str,
    pub(crate) request: &'a Key,
    /// None when it is gone.
    pub(crate) entry: Option<&'a Entry>,
    pub(crate) references: &'a [Referred],
    pub(crate) children: &'a [Entry],
    pub(crate) attempt: u32,
    pub(crate) failures: u32,
    pub(crate) reasons: Vec<String>,
    pub(crate) index: u64,
    /// Of the lease; none when the controller runs everywhere.
    pub(crate) epoch: Option<u64>,
    pub(crate) deadline_ms: u64,
}

/// An entry that is referred to: named once, however often it is referred to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Referred {
    pub(crate) key: Key,
    pub(crate) given: Given,
}

/// What of an entry that is referred to is given to the reconciler.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    /// Its name only.
    Name,
    /// That it is absent.
    Absent,
    /// All of it.
    Entry(Entry),
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoInput {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(
        "the input would be {0} bytes long, and a reconciler is given at most {MOST_INPUT}; take less of it with `include = false` on a watch"
    )]
    TooLarge(usize),
}

/// What a reconciler is given.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Input", deny_unknown_fields)]
pub(crate) struct Shown<'a> {
    protocol: u32,
    controller: &'a str,
    request: ShownRequest<'a>,
    #[schemars(with = "schema::SeenOrNull")]
    entry: Option<Document>,
    deleting: bool,
    references: Vec<ShownReference<'a>>,
    #[schemars(with = "Vec<schema::Seen>")]
    children: Vec<Document>,
    attempt: u32,
    failures: u32,
    reasons: &'a [String],
    index: u64,
    epoch: Option<u64>,
    deadline_ms: u64,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Request", deny_unknown_fields)]
struct ShownRequest<'a> {
    kind: &'a str,
    name: &'a str,
    namespace: &'a str,
    partition: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Reference", deny_unknown_fields)]
struct ShownReference<'a> {
    kind: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "ShownEntry::is_left_out")]
    #[schemars(with = "Option<schema::Seen>")]
    entry: ShownEntry,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ShownEntry {
    LeftOut,
    Null,
    Entry(Box<Document>),
}

impl ShownEntry {
    const fn is_left_out(&self) -> bool {
        matches!(self, Self::LeftOut)
    }

    fn of(given: &Given) -> Result<Self, DecodeError> {
        Ok(match given {
            Given::Name => Self::LeftOut,
            Given::Absent => Self::Null,
            Given::Entry(entry) => Self::Entry(Box::new(document(entry)?)),
        })
    }
}

impl Input<'_> {
    /// The document, with a newline at its end.
    pub(crate) fn to_line(&self) -> Result<Vec<u8>, NoInput> {
        let references = self.references.iter().map(|Referred { key, given }| {
            Ok(ShownReference { kind: key.kind(), name: key.name(), entry: ShownEntry::of(given)? })
        });
        let shown = Shown {
            protocol: PROTOCOL,
            controller: self.controller,
            request: ShownRequest {
                kind: self.request.kind(),
                name: self.request.name(),
                namespace: self.request.namespace(),
                partition: self.request.partition(),
            },
            entry: self.entry.map(document).transpose()?,
            deleting: self.entry.is_some_and(Entry::is_deleting),
            references: references.collect::<Result<_, DecodeError>>()?,
            children: self.children.iter().map(document).collect::<Result<_, _>>()?,
            attempt: self.attempt,
            failures: self.failures,
            reasons: &self.reasons,
            index: self.index,
            epoch: self.epoch,
            deadline_ms: self.deadline_ms,
        };
        line(&shown)
    }
}

/// A document as one line, with a newline at its end.
pub(crate) fn line(document: &impl Serialize) -> Result<Vec<u8>, NoInput> {
    let mut line = serde_json::to_vec(document).expect("numbers, texts and JSON can be written as JSON");
    if line.len() > MOST_INPUT {
        return Err(NoInput::TooLarge(line.len()));
    }
    line.push(b'\n');
    Ok(line)
}

/// The entry in the one form, its payloads on one line whatever they were given as.
pub(crate) fn document(entry: &Entry) -> Result<Document, DecodeError> {
    let document = entry.to_document()?;
    let (spec, status) = (one_line(document.spec), document.status.map(one_line));
    Ok(Document { spec, status, ..document })
}

/// The same JSON without blanks between its tokens. Not read and written anew: numbers stay as they are, however long.
fn one_line(json: Box<RawValue>) -> Box<RawValue> {
    let (mut in_text, mut escaped) = (false, false);
    let mut is_kept = |c: char| {
        let kept = in_text || !matches!(c, ' ' | '\t' | '\n' | '\r');
        if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else {
            in_text = c == '"';
        }
        kept
    };
    let text: String = json.get().chars().filter(|&c| is_kept(c)).collect();
    if text.len() == json.get().len() { json } else { RawValue::from_string(text).unwrap_or(json) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use trimtab_backend::{Index, Part, Record};

    use super::*;

    fn entry(kind: &str, name: &str, spec: &str) -> Entry {
        let header = r#"{"f":1,"uid":"00000000-0000-4000-8000-000000000001","generation":3,"created_at":"2026-03-01T00:00:00.000Z"}"#;
        let (key, version) = (Key::new(kind, name), Index::new(9));
        let value = format!("{header}\n{spec}").into();
        Entry::from_records(Record { key, part: Part::Spec, value, created: version, version }, None).unwrap()
    }

    fn input<'a>(entry: Option<&'a Entry>, request: &'a Key, references: &'a [Referred]) -> Input<'a> {
        Input {
            controller: "sites",
            request,
            entry,
            references,
            children: &[],
            attempt: 2,
            failures: 1,
            reasons: vec!["certificate/blog-cert changed at 41".into()],
            index: 41,
            epoch: None,
            deadline_ms: 30_000,
        }
    }

    /// The document, which its schema holds for.
    fn read(input: &Input<'_>) -> Value {
        let document = serde_json::from_slice(&input.to_line().unwrap()).unwrap();
        let schema = jsonschema::validator_for(&schema::input()).unwrap();
        let wrong: Vec<_> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(wrong, Vec::<String>::new(), "{document}");
        document
    }

    #[test]
    fn the_document_tells_all_that_the_protocol_names() {
        let (blog, certificate) = (entry("site", "blog", r#"{"port":80}"#), entry("certificate", "c", "{}"));
        let key = |name| Key::new("certificate", name);
        let references = [
            Referred { key: key("c"), given: Given::Entry(certificate) },
            Referred { key: key("absent"), given: Given::Absent },
            Referred { key: key("by-name"), given: Given::Name },
        ];
        let told = read(&input(Some(&blog), blog.key(), &references));
        let meta = json!({
            "uid": "00000000-0000-4000-8000-000000000001", "generation": 3, "created": 9, "modified": 9,
            "created_at": "2026-03-01T00:00:00.000Z"
        });
        let wanted = json!({
            "protocol": 1, "controller": "sites",
            "request": {"kind": "site", "name": "blog", "namespace": "default", "partition": "default"},
            "entry": {"kind": "site", "name": "blog", "spec": {"port": 80}, "meta": meta}, "deleting": false,
            "references": [
                {"kind": "certificate", "name": "c", "entry": {"kind": "certificate", "name": "c", "spec": {}, "meta": meta}},
                {"kind": "certificate", "name": "absent", "entry": null},
                {"kind": "certificate", "name": "by-name"},
            ],
            "children": [], "attempt": 2, "failures": 1, "reasons": ["certificate/blog-cert changed at 41"],
            "index": 41, "epoch": null, "deadline_ms": 30000
        });
        assert_eq!(told, wanted);
    }

    #[test]
    fn an_entry_that_is_gone_is_null() {
        let request = Key::new("site", "blog").in_namespace("shop");
        let told = read(&input(None, &request, &[]));
        assert_eq!((&told["entry"], &told["deleting"]), (&Value::Null, &json!(false)));
        assert_eq!(told["request"]["namespace"], "shop");
    }

    #[test]
    fn it_is_one_line_without_blanks_and_no_number_is_rounded() {
        let spec = "{ \"text\" : \"a \\\"b\\\" \\\\\",\n\t\"big\": 123456789012345678901234567890 }";
        let blog = entry("site", "blog", spec);
        let line = String::from_utf8(input(Some(&blog), blog.key(), &[]).to_line().unwrap()).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let kept = r#""spec":{"text":"a \"b\" \\","big":123456789012345678901234567890}"#;
        assert!(line.contains(kept), "{line}");
    }

    #[test]
    fn what_is_too_large_is_refused_with_its_size() {
        let big = format!("{{\"text\":\"{}\"}}", "x".repeat(5 << 20));
        let (blog, other) = (entry("site", "blog", &big), entry("certificate", "c", &big));
        let references = [Referred { key: other.key().clone(), given: Given::Entry(other) }];
        let refused = input(Some(&blog), blog.key(), &references).to_line().unwrap_err().to_string();
        assert!(
            refused.starts_with("the input would be 104") && refused.contains("at most 8388608"),
            "{refused}"
        );
        assert!(refused.contains("`include = false`"));
    }
}
