//! No two runs of one key at once (guarantees Q-b, L-c, L-d).

use std::collections::BTreeMap;

use super::Violation;
use crate::fault::Fault;
use crate::journal::{Line, Word};

/// Two runs of one key under one epoch that were under way at the same time.
pub(crate) fn under_one_epoch(journal: &[Line]) -> Vec<Violation> {
    let same = |(earlier, later): &(&Line, &Line)| earlier.epoch == later.epoch;
    pairs(journal).into_iter().filter(same).map(told).collect()
}

/// Two runs of one key under two epochs that were under way at the same time, though the replica of the earlier one was neither killed nor frozen: it had the time to
/// end its work before its lease had passed on.
pub(crate) fn without_excuse(journal: &[Line], faults: &[Fault]) -> Vec<Violation> {
    let is_excused =
        |earlier: &Line, later: &Line| faults.iter().any(|fault| fault.excuses(&earlier.replica, later.at));
    pairs(journal)
        .into_iter()
        .filter(|(earlier, later)| earlier.epoch != later.epoch && !is_excused(earlier, later))
        .map(told)
        .collect()
}

/// Beginnings of runs, each with that of one which was under way then.
fn pairs(journal: &[Line]) -> Vec<(&Line, &Line)> {
    let mut open: BTreeMap<(&str, &str), Vec<&Line>> = BTreeMap::new();
    let mut pairs = Vec::new();
    for line in journal {
        let open = open.entry((&line.kind, &line.name)).or_default();
        if line.word == Word::Begin {
            pairs.extend(open.iter().map(|earlier| (*earlier, line)));
            open.push(line);
        } else {
            let is_it = |begun: &&Line| begun.replica == line.replica && begun.epoch == line.epoch;
            if let Some(place) = open.iter().position(is_it) {
                open.remove(place);
            }
        }
    }
    pairs
}

fn told((earlier, later): (&Line, &Line)) -> Violation {
    let of = |line: &Line| format!("by {} under epoch {} at {}", line.replica, line.epoch, line.at);
    let what =
        format!("{}/{} was reconciled {}, while it was {}", later.kind, later.name, of(later), of(earlier));
    Violation { what, at: later.at, kind: later.kind.clone(), name: Some(later.name.clone()) }
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{fault, line};
    use super::*;
    use crate::fault::Happening;

    fn run(replica: &str, epoch: u64, from: u64, until: u64) -> [Line; 2] {
        let at = |word, at| line(word, at, replica, "led", epoch, 1);
        [at(Word::Begin, from), at(Word::End, until)]
    }

    /// guarantee Q-b
    #[test]
    fn a_run_that_begins_before_the_last_has_ended_is_found() {
        let ([a, b], [c, d]) = (run("a.1", 1, 1, 2), run("a.1", 1, 3, 4));
        assert_eq!(under_one_epoch(&[a.clone(), b.clone(), c.clone(), d.clone()]), []);
        let found = under_one_epoch(&[a.clone(), c.clone(), b.clone(), d.clone()]);
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("by a.1 under epoch 1 at 3.00, while"), "{}", found[0].what);
        let cut = Line { word: Word::Cut, ..b };
        assert_eq!(under_one_epoch(&[a, cut, c, d]), [], "what was cut short has ended");
    }

    #[test]
    fn other_entries_and_other_kinds_may_run_meanwhile() {
        let ([a, b], [c, d]) = (run("a.1", 1, 1, 4), run("a.1", 1, 2, 3));
        let named = |line: Line| Line { name: "y".into(), ..line };
        assert_eq!(under_one_epoch(&[a.clone(), named(c.clone()), named(d.clone()), b.clone()]), []);
        let of_kind = |line: Line| Line { kind: "shared".into(), ..line };
        assert_eq!(under_one_epoch(&[a, of_kind(c), of_kind(d), b]), []);
    }

    /// guarantee L-c
    #[test]
    fn a_run_beside_that_of_the_old_holder_is_found_unless_that_one_could_not_know() {
        let ([a, b], [c, d]) = (run("a.1", 1, 1, 4), run("b.1", 2, 3, 5));
        let journal = [a, c, b, d];
        assert_eq!(under_one_epoch(&journal), [], "two epochs");
        assert_eq!(without_excuse(&journal, &[]).len(), 1);
        assert_eq!(without_excuse(&journal, &[fault(Happening::CutOff, "a.1", 1, 9)]).len(), 1);
        assert_eq!(without_excuse(&journal, &[fault(Happening::Frozen, "a.1", 2, 9)]), []);
        assert_eq!(without_excuse(&journal, &[fault(Happening::Frozen, "b.1", 2, 9)]).len(), 1);
        assert_eq!(without_excuse(&journal, &[fault(Happening::Killed, "a.1", 2, 3)]), []);
    }
}
