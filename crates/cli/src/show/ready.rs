//! Whether an entry is as it should be, in one word.

use std::collections::BTreeMap;

use serde::Deserialize;
use trimtab::store::{Condition, ConditionStatus, Document};
use trimtab_http::wire::{EntryKey, Key};

use super::{Cell, Colour};

/// The keys that fail, with their last error.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failing(BTreeMap<EntryKey, String>);

impl Failing {
    /// Of these keys.
    pub(crate) fn of(keys: impl IntoIterator<Item = Key>) -> Self {
        Self(keys.into_iter().map(|key| (key.key, key.last_error.unwrap_or_default())).collect())
    }
}

/// The conditions of a status. One that is none of a condition's form is not one.
pub(crate) fn conditions(document: &Document) -> Vec<Condition> {
    #[derive(Deserialize)]
    struct Status {
        #[serde(default)]
        conditions: Vec<serde_json::Value>,
    }
    let status =
        document.status.as_ref().and_then(|status| serde_json::from_str::<Status>(status.get()).ok());
    let conditions = status.into_iter().flat_map(|status| status.conditions);
    conditions.filter_map(|condition| serde_json::from_value(condition).ok()).collect()
}

/// READY and MESSAGE, and the reason in one word.
pub(super) struct Readiness {
    pub(super) ready: Cell,
    pub(super) message: Cell,
    pub(super) reason: Cell,
}

impl Readiness {
    /// `!` while its key fails, `-` while nobody has said or it was said of an older generation.
    pub(super) fn of(document: &Document, key: &EntryKey, failing: &Failing) -> Self {
        let generation = document.meta.as_ref().map_or(0, |meta| meta.generation);
        let all = conditions(document);
        let ready = all.iter().find(|condition| condition.type_ == "Ready" && condition.about.is_none());
        let is_old = ready.and_then(|ready| ready.generation).is_some_and(|seen| seen < generation);
        let reason = ready.map(|ready| ready.reason.as_str()).unwrap_or_default().into();
        let message = ready.map(|ready| ready.message.as_str()).unwrap_or_default();
        if let Some(error) = failing.0.get(key) {
            let message = if error.is_empty() { message } else { error };
            return Self { ready: Cell::coloured("!", Colour::Bad), message: message.into(), reason };
        }
        let message = match document.meta.as_ref().and_then(|meta| meta.deleting_since) {
            Some(_) if message.is_empty() => "deleting".into(),
            Some(_) => format!("deleting; {message}").into(),
            None => message.into(),
        };
        let ready = match ready.map(|ready| ready.status) {
            None => "-".into(),
            Some(_) if is_old => Cell::coloured("-", Colour::Pending),
            Some(ConditionStatus::True) => Cell::coloured("True", Colour::Good),
            Some(ConditionStatus::False) => Cell::coloured("False", Colour::Bad),
            Some(_) => Cell::coloured("Unknown", Colour::Pending),
        };
        Self { ready, message, reason }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(status: &serde_json::Value, failing: &Failing) -> (Cell, Cell) {
        let document: Document = serde_json::from_value(json!({
            "kind": "site", "name": "a", "spec": {}, "status": status,
            "meta": { "uid": "00000000-0000-4000-8000-000000000002", "generation": 2, "created": 1, "modified": 3, "created_at": "2026-03-01T12:00:00Z" },
        }))
        .unwrap();
        let key = crate::client::key_of(&document);
        let readiness = Readiness::of(&document, &key, failing);
        (readiness.ready, readiness.message)
    }

    #[test]
    fn ready_is_what_was_said_of_this_generation() {
        let none = Failing::default();
        let said = |status: &str, generation: u64| {
            json!({ "conditions": [
                { "type": "Ready", "about": "part", "status": "False", "reason": "x" },
                { "type": "Ready", "status": status, "reason": "Written", "message": "m", "generation": generation },
            ] })
        };
        assert_eq!(shown(&said("True", 2), &none), (Cell::coloured("True", Colour::Good), "m".into()));
        assert_eq!(shown(&said("False", 2), &none).0, Cell::coloured("False", Colour::Bad));
        assert_eq!(shown(&said("Unknown", 2), &none).0, Cell::coloured("Unknown", Colour::Pending));
        assert_eq!(
            shown(&said("True", 1), &none).0,
            Cell::coloured("-", Colour::Pending),
            "of an older generation"
        );
        assert_eq!(shown(&json!({}), &none), ("-".into(), "".into()));
        assert_eq!(shown(&json!({ "conditions": [7] }), &none).0, "-".into());
        assert_eq!(shown(&json!("text"), &none).0, "-".into());
    }

    #[test]
    fn a_key_that_fails_shows_its_error() {
        let key: Key = serde_json::from_value(json!({ "controller": "sites", "kind": "site", "name": "a",
            "state": "failing", "priority": "normal", "failures": 3, "last_error": "exit code 3" }))
        .unwrap();
        assert_eq!(
            shown(&json!({}), &Failing::of([key])),
            (Cell::coloured("!", Colour::Bad), "exit code 3".into())
        );
    }
}
