//! JSON values: whether two are the same, and what an edit changed.

use serde_json::{Number, Value};
use trimtab_backend::Invalid;

use super::number::rounded;

/// So deep may lists and objects lie in one another. Many readers give up at 128, and an entry is shown inside of other documents.
const DEEPEST: usize = 100;

/// Reads the JSON text of a spec or a status that came from outside (`field` says of which). What other programs could not read is refused: it could be kept, but
/// neither compared nor edited, and nobody could be shown it.
///
/// ```
/// let spec = trimtab_store::read_payload("spec", r#"{"port": 80}"#)?;
/// assert_eq!(spec["port"], 80);
/// assert!(trimtab_store::read_payload("spec", r#"{"port": 1e999}"#).is_err());
/// # Ok::<(), trimtab_store::Invalid>(())
/// ```
pub fn read_payload(field: &'static str, text: &str) -> Result<Value, Invalid> {
    let value = serde_json::from_str(text)
        .map_err(|error| Invalid::new(field, format!("cannot be read as JSON: {error}")))?;
    match depth(&value) {
        ..=DEEPEST => Ok(value),
        deeper => {
            Err(Invalid::above(field, "lists and objects in one another", DEEPEST as u64, deeper as u64))
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

/// Reads JSON text; none when it is none.
pub(crate) fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Whether two values mean the same (settled, Equality is the door's). Numbers are compared as numbers: `1` is `1.0`. Other programs write
/// either, and a write that only swaps them would be answered by the next one, for ever.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => same_number(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// Integers exactly, everything else as floating point.
fn same_number(a: &Number, b: &Number) -> bool {
    a == b || ((a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64())
}

/// Whether two texts mean the same; text that is not JSON is the same only as itself.
pub(crate) fn same_text(a: &str, b: &str) -> bool {
    a == b || matches!((parse(a), parse(b)), (Some(a), Some(b)) if same(&a, &b))
}

/// As [`same_text`], but of two texts with numbers that no double holds: they are the same only with the same digits. A write of other digits is no write that only looks
/// different.
pub(crate) fn same_digits(a: &str, b: &str) -> bool {
    a == b || (same_text(a, b) && rounded(a).eq(rounded(b)))
}

/// Lays over `target` what changed from `before` to `after`, and nothing else (behaviour C24): objects member by member, arrays of equal
/// length element by element, anything else whole. So what an author's type does not know, and what it did not touch, stays.
pub(crate) fn lay(target: &mut Value, before: &Value, after: &Value) {
    match (target, before, after) {
        (_, before, after) if same(before, after) => {}
        (Value::Object(target), Value::Object(before), Value::Object(after)) => {
            for name in before.keys().filter(|name| !after.contains_key(*name)) {
                target.remove(name);
            }
            for (name, after) in after {
                let before = before.get(name);
                match (target.get_mut(name), before) {
                    (Some(target), Some(before)) => lay(target, before, after),
                    (None, Some(before)) if same(before, after) => {}
                    _ => {
                        target.insert(name.clone(), after.clone());
                    }
                }
            }
        }
        (Value::Array(target), Value::Array(before), Value::Array(after))
            if target.len() == before.len() && before.len() == after.len() =>
        {
            for ((target, before), after) in target.iter_mut().zip(before).zip(after) {
                lay(target, before, after);
            }
        }
        (target, _, after) => *target = after.clone(),
    }
}
