//! Files of entries in each of the three forms: what is read, written as JSON and read again is the same.

use serde_json::Value;
use trimtab_cli::fuzz_targets::{documents, entries};

/// Reads the bytes as a file of entries: YAML, then JSON, then TOML.
///
/// # Panics
/// When a document changes on the way through JSON, or a line lies outside the file.
pub fn yaml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for form in ["yaml", "json", "toml"] {
        in_form(form, text);
    }
}

fn in_form(form: &str, text: &str) {
    // A mistake at the end of the file may lie behind its last newline.
    let lines = 1..=text.split('\n').count() + 1;
    match documents(form, text) {
        Err((line, what)) => {
            assert!(line.is_none_or(|line| lines.contains(&line)), "{form} {text:?}: line {line:?}: {what}");
            assert!(!what.is_empty(), "{form} {text:?}");
            assert!(entries(form, text).is_err(), "{form} {text:?}");
        }
        Ok(read) => {
            let values: Vec<Value> = read.iter().map(|(_, value)| value.clone()).collect();
            for (line, _) in &read {
                assert!(lines.contains(line), "{form} {text:?}: line {line}");
            }
            let again = documents("json", &as_json(&values)).expect("JSON that was written");
            let again: Vec<_> = again.into_iter().map(|(_, value)| value).collect();
            assert_eq!(again, values, "{form} {text:?}");
        }
    }
    if let Ok(read) = entries(form, text) {
        assert_eq!(entries("json", &as_json(&read)).as_ref(), Ok(&read), "{form} {text:?}");
    }
}

fn as_json(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}
