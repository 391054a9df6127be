//! A line for machines: one JSON object.

use serde_json::{Map, Value};
use tracing::Level;
use trimtab::store::Timestamp;

use super::fields::Fields;

/// `time`, `level`, `target` and `message`, then the fields under their own names.
pub(super) fn line(at: Timestamp, level: Level, target: &str, fields: &Fields) -> String {
    let mut line = Map::new();
    line.extend(fields.iter().map(|(name, value)| (name.to_owned(), value.clone())));
    line.insert("time".into(), at.to_string().into());
    line.insert("level".into(), level.as_str().into());
    line.insert("target".into(), target.into());
    Value::Object(line).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_one_object_whatever_is_in_it() {
        let mut fields = Fields::default();
        fields.set("message", "it said \"no\"\nand left".into());
        fields.set("attempt", 2.into());
        let line = line(SystemTime::UNIX_EPOCH.into(), Level::WARN, "script", &fields);
        assert!(!line.contains('\n'));
        let read: Value = serde_json::from_str(&line).unwrap();
        let wanted = json!({"time": "1970-01-01T00:00:00.000Z", "level": "WARN", "target": "script",
            "message": "it said \"no\"\nand left", "attempt": 2});
        assert_eq!(read, wanted);
    }
}
