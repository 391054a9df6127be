//! The status that a reconciler's answer makes of the one that is there.
//!
//! Everything but the conditions is an RFC 7396 merge patch: what is named is replaced, null removes, the rest stays. The conditions are a set by controller: a
//! reconciler tells all of its own, and those of others stay as they are.

use serde::Deserialize;
use serde_json::{Map, Value};
use trimtab_store::{Condition, ConditionStatus, Conditions, Timestamp};

const CONDITIONS: &str = "conditions";

/// A condition as a reconciler gives it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(rename = "type")]
    type_: String,
    status: ConditionStatus,
    reason: String,
    #[serde(default)]
    message: String,
    about: Option<String>,
}

/// Who speaks, of which spec, and when.
pub(crate) struct Speaker<'a> {
    pub(crate) controller: &'a str,
    pub(crate) generation: u64,
    pub(crate) now: Timestamp,
}

/// The status that `patch` makes of `current`. An error names what is wrong with the patch.
pub(crate) fn merged(
    current: Option<&Value>,
    mut patch: Map<String, Value>,
    speaker: &Speaker<'_>,
) -> Result<Value, String> {
    let given = patch.remove(CONDITIONS);
    let mut status = match current {
        Some(Value::Object(fields)) => fields.clone(),
        _ => Map::new(),
    };
    merge(&mut status, patch);
    if let Some(given) = given {
        let given: Vec<Given> = match given {
            Value::Null => Vec::new(),
            list => serde_json::from_value(list).map_err(|error| format!("status.conditions: {error}"))?,
        };
        let before: Conditions = status
            .get(CONDITIONS)
            .and_then(|have| serde_json::from_value(have.clone()).ok())
            .unwrap_or_default();
        let after = conditions(&before, given, speaker)?;
        let after = serde_json::to_value(after).map_err(|error| format!("status.conditions: {error}"))?;
        status.insert(CONDITIONS.into(), after);
    }
    Ok(Value::Object(status))
}

/// RFC 7396.
fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => drop(target.remove(&name)),
            Value::Object(fields) => {
                let slot = target.entry(name).or_insert(Value::Null);
                if !slot.is_object() {
                    *slot = Value::Object(Map::new());
                }
                if let Value::Object(inner) = slot {
                    merge(inner, fields);
                }
            }
            other => drop(target.insert(name, other)),
        }
    }
}

/// Those of others as they are, this controller's as given. One that is given again keeps its place and, unless its status flips, its `since`.
fn conditions(before: &Conditions, given: Vec<Given>, speaker: &Speaker<'_>) -> Result<Conditions, String> {
    let is_own = |condition: &Condition| condition.controller.as_deref() == Some(speaker.controller);
    let same = |condition: &Condition, given: &Given| {
        condition.type_ == given.type_ && condition.about == given.about
    };
    for (number, one) in given.iter().enumerate() {
        if given[..number].iter().any(|earlier| earlier.type_ == one.type_ && earlier.about == one.about) {
            return Err(format!(
                "status.conditions: `{}` is given twice; tell them apart with `about`",
                one.type_
            ));
        }
        if let Some(other) = before.iter().find(|condition| !is_own(condition) && same(condition, one)) {
            let whose = other.controller.as_deref().unwrap_or("another writer");
            return Err(format!(
                "status.conditions: `{}` is stated by {whose}; give yours another type",
                one.type_
            ));
        }
    }
    let mut after = before.clone();
    after.retain(|condition| !is_own(condition) || given.iter().any(|one| same(condition, one)));
    for one in given {
        let Given { type_, status, reason, message, about } = one;
        let (controller, generation) = (Some(speaker.controller.to_owned()), Some(speaker.generation));
        after.set(
            Condition { type_, status, reason, message, about, controller, generation, since: None },
            speaker.now,
        );
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use serde_json::json;

    use super::*;

    fn at(second: u64) -> Timestamp {
        (SystemTime::UNIX_EPOCH + Duration::from_secs(second)).into()
    }

    fn patched(current: &Value, patch: Value, controller: &str, second: u64) -> Result<Value, String> {
        let Value::Object(patch) = patch else { panic!("a patch is an object") };
        merged(Some(current), patch, &Speaker { controller, generation: 2, now: at(second) })
    }

    fn ready(status: &str) -> Value {
        json!({"conditions": [{"type": "Ready", "status": status, "reason": "Written"}]})
    }

    #[test]
    fn a_patch_replaces_removes_and_keeps() {
        let current = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2]});
        let after =
            patched(&current, json!({"a": null, "b": {"c": 9}, "e": [3], "f": {"g": null}}), "x", 1).unwrap();
        assert_eq!(after, json!({"b": {"c": 9, "d": 3}, "e": [3], "f": {}}));
    }

    #[test]
    fn since_moves_only_when_the_status_flips() {
        let since = |status: &Value| status["conditions"][0]["since"].clone();
        let first = patched(&json!({}), ready("True"), "x", 1).unwrap();
        let again = patched(&first, ready("True"), "x", 2).unwrap();
        let flipped = patched(&again, ready("False"), "x", 3).unwrap();
        assert_eq!(first, again, "so an equal answer writes nothing");
        assert_ne!(since(&again), since(&flipped));
        assert_eq!(
            (
                flipped["conditions"][0]["controller"].as_str(),
                flipped["conditions"][0]["generation"].as_u64()
            ),
            (Some("x"), Some(2))
        );
    }

    #[test]
    fn a_controller_tells_all_of_its_own_conditions_and_none_of_anothers() {
        let mine = patched(&json!({}), ready("True"), "x", 1).unwrap();
        let theirs = json!({"conditions": [{"type": "Backed", "status": "True", "reason": "Up"}]});
        let both = patched(&mine, theirs, "y", 1).unwrap();
        assert_eq!(both["conditions"].as_array().map(Vec::len), Some(2));
        let emptied = patched(&both, json!({"conditions": []}), "x", 2).unwrap();
        assert_eq!(emptied["conditions"].as_array().map(Vec::len), Some(1), "x took its own back");
        let untouched = patched(&both, json!({"other": 1}), "x", 2).unwrap();
        assert_eq!(untouched["conditions"], both["conditions"]);
        assert!(patched(&both, ready("True"), "y", 2).unwrap_err().contains("is stated by x"));
    }

    #[test]
    fn a_condition_that_is_none_is_refused_by_name() {
        let wrong =
            |conditions: Value| patched(&json!({}), json!({ "conditions": conditions }), "x", 1).unwrap_err();
        assert!(
            wrong(json!([{"type": "Ready", "status": "Yes", "reason": "a"}]))
                .contains("unknown variant `Yes`")
        );
        assert!(wrong(json!([{"type": "Ready", "status": "True"}])).contains("missing field `reason`"));
        let twice = json!({"type": "Ready", "status": "True", "reason": "a"});
        assert!(wrong(json!([twice, twice])).contains("given twice"));
    }
}
