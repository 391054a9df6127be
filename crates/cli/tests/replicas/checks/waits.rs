//! How long changes waited for a run, and for how long no run began at all.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::history::{Change, What};
use crate::journal::{Line, Word};
use crate::time::Moment;

/// The longest time in which no run of a kind began, while changes kept coming.
pub(crate) fn silence(journal: &[Line], kind: &str, from: Moment, until: Moment) -> Duration {
    let begun = journal.iter().filter(|line| line.kind == kind && line.word == Word::Begin);
    let mut times: Vec<_> = begun.map(|line| line.at).filter(|at| (from..until).contains(at)).collect();
    times.extend([from, until]);
    times.sort();
    times.windows(2).map(|pair| pair[1].since(pair[0])).max().unwrap_or_default()
}

/// How long a change waited for a run that saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) name: String,
    pub(crate) value: u64,
    /// When the change was seen in the store.
    pub(crate) since: Moment,
    /// None: no run ever saw it, or a later one.
    pub(crate) lasted: Option<Duration>,
}

/// The waits of all changes of a kind, in their order.
pub(crate) fn waits(history: &[Change], journal: &[Line], kind: &str) -> Vec<Wait> {
    let mut begun: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in journal.iter().filter(|line| line.kind == kind && line.word == Word::Begin) {
        begun.entry(&line.name).or_default().push(line);
    }
    let of_change = |change: &Change| match &change.what {
        What::Declared { kind: of, name, value, generation } if of == kind => {
            let runs = begun.get(&**name).into_iter().flatten();
            let first = runs.filter(|run| run.generation >= *generation).map(|run| run.at).min();
            let lasted = first.map(|first| first.since(change.seen));
            Some(Wait { name: name.clone(), value: *value, since: change.seen, lasted })
        }
        _ => None,
    };
    history.iter().filter_map(of_change).collect()
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{declared, line, second};
    use super::*;

    #[test]
    fn a_time_in_which_nothing_begins_is_found_also_at_either_end() {
        let at = |at| line(Word::Begin, at, "a.1", "led", 1, 1);
        let of =
            |journal: &[Line], from, until| silence(journal, "led", second(from), second(until)).as_secs();
        let journal = [at(1), at(2), at(6), line(Word::End, 4, "a.1", "led", 1, 1), at(7)];
        assert_eq!((of(&journal, 1, 8), of(&journal, 3, 8), of(&journal, 6, 20)), (4, 3, 13));
        assert_eq!(of(&[], 1, 8), 7);
        let other = Line { kind: "shared".into(), ..at(4) };
        assert_eq!(of(&[at(1), other, at(7)], 1, 8), 6);
    }

    #[test]
    fn a_change_waits_until_a_run_has_seen_it_or_a_later_one() {
        let history = [declared(1, "led", 1), declared(2, "led", 2), declared(9, "led", 3)];
        let begun = |at, value| line(Word::Begin, at, "a.1", "led", 1, value);
        let journal = [begun(1, 1), begun(3, 1), begun(6, 2)];
        let lasted = |journal: &[Line]| {
            waits(&history, journal, "led").into_iter().map(|wait| wait.lasted).collect::<Vec<_>>()
        };
        let (none, four) = (Some(Duration::ZERO), Some(Duration::from_secs(4)));
        assert_eq!(lasted(&journal), [none, four, None]);
        assert_eq!(lasted(&[begun(10, 3)])[0], Some(Duration::from_secs(9)), "only the last is seen");
        assert_eq!(lasted(&[line(Word::End, 1, "a.1", "led", 1, 1)]), [None; 3]);
    }
}
