//! Every entry at its declared state at the end, in the store and in every replica's view; and nothing that was acknowledged is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::Violation;
use crate::history::{Change, What};
use crate::load::Acknowledged;

/// An entry: its kind and its name.
pub(crate) type Name = (String, String);

/// What is declared of an entry, and what was made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) declared: Option<u64>,
    pub(crate) generation: Option<u64>,
    pub(crate) applied: Option<u64>,
    pub(crate) observed: Option<u64>,
}

/// The entries as the history leaves them.
pub(crate) fn last(history: &[Change]) -> BTreeMap<Name, State> {
    let mut last: BTreeMap<Name, State> = BTreeMap::new();
    for change in history {
        match &change.what {
            What::Declared { kind, name, value, generation } => {
                let state = last.entry((kind.clone(), name.clone())).or_default();
                (state.declared, state.generation) = (Some(*value), Some(*generation));
            }
            What::Applied { kind, name, value, observed, .. } => {
                let state = last.entry((kind.clone(), name.clone())).or_default();
                (state.applied, state.observed) = (Some(*value), Some(*observed));
            }
            What::Deleted { kind, name } => {
                last.remove(&(kind.clone(), name.clone()));
            }
            _ => {}
        }
    }
    last
}

/// Entries that are not, in the end, as they were declared. `wanted`: how many there must be.
pub(crate) fn unreached(history: &[Change], wanted: usize) -> Vec<Violation> {
    let (last, end) = (last(history), history.last().map(|change| change.seen).unwrap_or_default());
    let is_reached = |state: &State| {
        state.declared.is_some() && state.declared == state.applied && state.generation == state.observed
    };
    let mut found: Vec<_> = last
        .iter()
        .filter(|(_, state)| !is_reached(state))
        .map(|((kind, name), state)| {
            let what = format!("{kind}/{name} is not as it was declared: {state:?}");
            Violation { what, at: end, kind: kind.clone(), name: Some(name.clone()) }
        })
        .collect();
    if last.len() != wanted {
        let what = format!("there are {} entries, not {wanted}", last.len());
        found.push(Violation { what, at: end, kind: String::new(), name: None });
    }
    found
}

/// Where a replica's view is not what the history says.
pub(crate) fn unlike(history: &[Change], replica: &str, view: &BTreeMap<Name, State>) -> Vec<Violation> {
    let (last, end) = (last(history), history.last().map(|change| change.seen).unwrap_or_default());
    let names: BTreeSet<_> = last.keys().chain(view.keys()).collect();
    // A view does not tell which generation a status is of.
    let told = |state: Option<&State>| state.map(|state| State { observed: None, ..*state });
    let differs = names.into_iter().filter(|name| told(last.get(*name)) != told(view.get(*name)));
    differs
        .map(|name| {
            let (stored, seen) = (last.get(name), view.get(name));
            let what = format!(
                "{}/{} is {seen:?} in the view of {replica}, and {stored:?} in the store",
                name.0, name.1
            );
            Violation { what, at: end, kind: name.0.clone(), name: Some(name.1.clone()) }
        })
        .collect()
}

/// Writes that were acknowledged and never happened.
pub(crate) fn lost(history: &[Change], acknowledged: &[Acknowledged]) -> Vec<Violation> {
    let happened: BTreeSet<_> = history
        .iter()
        .filter_map(|change| match &change.what {
            What::Declared { kind, name, value, .. } => Some((&**kind, &**name, *value)),
            _ => None,
        })
        .collect();
    let is_lost = |write: &&Acknowledged| !happened.contains(&(&*write.kind, &*write.name, write.value));
    acknowledged
        .iter()
        .filter(is_lost)
        .map(|write| {
            let Acknowledged { kind, name, value, by, at } = write;
            let what = format!("{kind}/{name} at {value} was acknowledged by {by} and never written");
            Violation { what, at: *at, kind: kind.clone(), name: Some(name.clone()) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{applied, commit, declared, second};
    use super::*;

    #[test]
    fn an_entry_that_is_not_as_it_was_declared_is_found() {
        let mut history = vec![declared(1, "led", 1), applied(2, "led", 1, 1, "a.1"), declared(3, "led", 2)];
        let found = unreached(&history, 1);
        assert!(found[0].what.starts_with("led/x is not as it was declared"), "{found:?}");
        history.push(applied(4, "led", 2, 1, "a.1"));
        assert_eq!(unreached(&history, 1), []);
        assert_eq!(unreached(&history, 2).len(), 1, "one is missing");
        history.push(declared(5, "led", 3));
        let late = What::Applied {
            kind: "led".into(),
            name: "x".into(),
            value: 3,
            observed: 2,
            epoch: 1,
            replica: "a.1".into(),
        };
        history.push(commit(6, late));
        assert_eq!(
            unreached(&history, 1).len(),
            1,
            "the value is right by chance: it is that of an older generation"
        );
    }

    #[test]
    fn a_view_that_is_behind_or_lacks_an_entry_is_found() {
        let history = [declared(1, "led", 1), applied(2, "led", 1, 1, "a.1")];
        let mut view = last(&history);
        assert_eq!(unlike(&history, "b", &view), []);
        let name = ("led".to_owned(), "x".to_owned());
        view.get_mut(&name).expect("it is there").applied = None;
        assert_eq!(unlike(&history, "b", &view).len(), 1);
        assert_eq!(unlike(&history, "b", &BTreeMap::new()).len(), 1);
        assert_eq!(unlike(&[], "b", &view).len(), 1, "an entry that nobody wrote");
    }

    #[test]
    fn an_acknowledged_write_that_did_not_happen_is_found() {
        let history = [declared(1, "led", 1), declared(2, "led", 2)];
        let write = |value| Acknowledged {
            kind: "led".into(),
            name: "x".into(),
            value,
            by: "a".into(),
            at: second(3),
        };
        assert_eq!(lost(&history, &[write(1), write(2)]), []);
        assert_eq!(lost(&history, &[write(1), write(3)]).len(), 1);
    }
}
