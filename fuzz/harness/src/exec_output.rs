//! What programs answer: nothing is taken that `serde_json` would not read, or that has a field of no meaning.

use serde_json::Value;
use trimtab_polyglot::protocol::{Malformed, Output, Reply, Requests};

const OUTPUT: [&str; 6] = ["status", "apply", "delete", "requeue_after", "finalized", "exactly"];
const REPLY: [&str; 2] = ["outcome", "message"];
const TARGET: [&str; 4] = ["kind", "name", "namespace", "partition"];
const WOKEN: [&str; 3] = ["name", "namespace", "partition"];
const ENTRY: [&str; 7] = ["kind", "name", "namespace", "partition", "labels", "owners", "spec"];

/// Reads the bytes as what a process, a worker and a map answer.
///
/// # Panics
/// When one takes what it must not, or something else than is there.
pub fn exec_output(bytes: &[u8]) {
    let output = Output::parse(bytes);
    let reply = Reply::parse(bytes);
    let requests = Requests::parse(bytes);
    for refused in
        [output.as_ref().err(), reply.as_ref().err(), requests.as_ref().err()].into_iter().flatten()
    {
        told(refused, bytes);
    }
    let Some(value) = value(bytes) else {
        let blank = std::str::from_utf8(bytes).is_ok_and(|text| text.trim().is_empty());
        assert!(blank || output.is_err() && reply.is_err() && requests.is_err(), "{}", shown(bytes));
        return;
    };
    if let Ok(output) = &output {
        is_output(output, &value);
        assert!(reply.is_ok(), "an output is a reply: {}", shown(bytes));
    }
    if let Ok(reply) = &reply {
        let mut rest = value.clone();
        for name in REPLY {
            rest.as_object_mut().expect("an object").remove(name);
        }
        is_output(&reply.output, &rest);
        assert_eq!(reply.message, value["message"].as_str().unwrap_or_default());
    }
    if let Ok(Requests { requests }) = &requests {
        has_only(&value, &["requests"]);
        let named: Vec<_> = requests.iter().map(|woken| Some(woken.name.as_str())).collect();
        let there = items(&value, "requests");
        assert_eq!(named, there.iter().map(|woken| woken["name"].as_str()).collect::<Vec<_>>());
        for woken in &there {
            has_only(woken, &WOKEN);
        }
    }
}

fn value(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

fn shown(bytes: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(bytes))
}

/// It is read by people, in a log and in a status.
fn told(refused: &Malformed, bytes: &[u8]) {
    let words = refused.to_string();
    assert!(words.starts_with("must be ") || words.starts_with("is no"), "{}: {words}", shown(bytes));
}

fn is_output(output: &Output, value: &Value) {
    has_only(value, &OUTPUT);
    assert_eq!(output.status.clone().map_or(Value::Null, Value::Object), value["status"]);
    assert_eq!(output.finalized, value["finalized"] == true);
    assert_eq!(output.requeue_after.is_some(), !value["requeue_after"].is_null());
    let texts = |list: &[Value]| list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(output.exactly, texts(&items(value, "exactly")));
    let (apply, delete) = (items(value, "apply"), items(value, "delete"));
    assert_eq!((output.apply.len(), output.delete.len()), (apply.len(), delete.len()));
    for target in &delete {
        has_only(target, &TARGET);
    }
    for (given, there) in output.apply.iter().zip(&apply) {
        let spec: Value = serde_json::from_str(given.spec.get()).expect("JSON");
        assert_eq!((given.kind.as_str(), &spec), (there["kind"].as_str().expect("a kind"), &there["spec"]));
        // What else the one form has is refused when it is applied, with its name.
        let known = ENTRY.into_iter().chain(["finalizers", "status", "meta"]);
        has_only(there, &known.collect::<Vec<_>>());
    }
}

fn items(value: &Value, name: &str) -> Vec<Value> {
    value[name].as_array().cloned().unwrap_or_default()
}

fn has_only(value: &Value, known: &[&str]) {
    let fields = value.as_object().expect("an object");
    assert!(fields.keys().all(|name| known.contains(&name.as_str())), "{value}");
}
