//! Never two owners of a key under one version of a group's map, never two leaders under one epoch (guarantee L-d).

use std::collections::BTreeMap;

use super::Violation;
use crate::history::{Change, Member, What};
use crate::journal::{Line, Word};

/// Statuses of this kind that were written by somebody who is no member of the map that stood at their commit, or by another than an earlier one under the same map.
pub(crate) fn foreign(history: &[Change], kind: &str) -> Vec<Violation> {
    let mut members: &[Member] = &[];
    let mut version = 0;
    let mut writers: BTreeMap<&str, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for Change { index, seen, what } in history {
        match what {
            What::Mapped { group, members: new } if group == kind => {
                (members, version) = (new, *index);
                writers.clear();
            }
            What::Applied { kind: of, name, replica, .. } if of == kind => {
                let mut tell = |what: String| {
                    let what = format!("{kind}/{name} was written at {index} by {replica} {what}");
                    found.push(Violation { what, at: *seen, kind: kind.into(), name: Some(name.clone()) });
                };
                let is_it =
                    |member: &Member| replica.split_once('.').is_some_and(|(it, _)| it == member.replica);
                if !members.iter().any(is_it) {
                    tell(format!("that is no member of the map of {version}"));
                }
                let first = *writers.entry(name).or_insert(replica);
                if first != replica {
                    tell(format!("and, under the same map of {version}, before by {first}"));
                }
            }
            _ => {}
        }
    }
    found
}

/// Beginnings of runs of this kind under an epoch under which another life has begun one: of the same key, or, where the epoch is that of one holder, of any.
pub(crate) fn two_of_one_epoch(journal: &[Line], kind: &str, of_one_holder: bool) -> Vec<Violation> {
    let mut first: BTreeMap<(u64, &str), &Line> = BTreeMap::new();
    let mut found = Vec::new();
    for line in journal.iter().filter(|line| line.kind == kind && line.word == Word::Begin) {
        let name = if of_one_holder { "" } else { &line.name };
        let before = *first.entry((line.epoch, name)).or_insert(line);
        if before.replica != line.replica {
            let what = format!(
                "{kind}/{} was reconciled by {} under epoch {}, and {kind}/{} by {} under the same at {}",
                line.name, line.replica, line.epoch, before.name, before.replica, before.at
            );
            found.push(Violation { what, at: line.at, kind: kind.into(), name: Some(line.name.clone()) });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{applied, line, mapped};
    use super::*;

    /// guarantee L-d
    #[test]
    fn two_writers_of_one_key_under_one_map_are_found() {
        let mut history = vec![
            mapped(1, "shared", &["a", "b"]),
            applied(2, "shared", 1, 1, "a.1"),
            mapped(3, "shared", &["a", "b", "c"]),
            applied(4, "shared", 2, 3, "b.1"),
        ];
        assert_eq!(foreign(&history, "shared"), [], "it has moved");
        history.push(applied(5, "shared", 3, 3, "a.1"));
        let found = foreign(&history, "shared");
        assert_eq!(found.len(), 1);
        assert!(found[0].what.ends_with("by a.1 and, under the same map of 3, before by b.1"), "{found:?}");
    }

    /// guarantee L-d
    #[test]
    fn a_write_of_a_member_that_was_taken_out_is_found() {
        let history = [
            mapped(1, "shared", &["a", "b"]),
            mapped(2, "shared", &["b"]),
            applied(3, "shared", 1, 1, "a.1"),
        ];
        let found = foreign(&history, "shared");
        assert!(found[0].what.ends_with("by a.1 that is no member of the map of 2"), "{found:?}");
        assert_eq!(foreign(&history[..2], "shared"), []);
    }

    /// guarantee L-d
    #[test]
    fn two_that_reconcile_under_one_epoch_are_found() {
        let begun = |at, replica, epoch| line(Word::Begin, at, replica, "shared", epoch, 1);
        let (of_a, of_b) = (begun(1, "a.1", 1), begun(2, "b.1", 1));
        let journal = [of_a.clone(), of_b.clone(), begun(3, "b.1", 2)];
        assert_eq!(two_of_one_epoch(&journal, "shared", false).len(), 1);
        let journal = [of_a, Line { name: "y".into(), ..of_b }, begun(3, "b.1", 2)];
        assert_eq!(two_of_one_epoch(&journal, "shared", false), [], "each has its own key");
        assert_eq!(two_of_one_epoch(&journal, "shared", true).len(), 1, "but there are not two leaders");
        assert_eq!(two_of_one_epoch(&journal, "led", true), []);
    }
}
