//! Changes that wait to be mapped, in order, tenancy by tenancy.

use std::collections::{BTreeMap, VecDeque};

use trimtab_backend::Tenancy;
use trimtab_queue::Priority;
use trimtab_store::EntryEvent;

use super::super::news::News;
use crate::cause::WhatHappened;

/// One change.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// Changes are numbered as they come; the store's indexes may begin anew.
    pub(super) number: u64,
    pub(super) event: EntryEvent,
    pub(super) what: WhatHappened,
    pub(super) priority: Priority,
    pub(super) news: News,
    /// It is of the first snapshot.
    pub(super) first: bool,
    /// What went before it and what came after has been mapped: it is given up after so many tries more.
    pub(super) tries: Option<u32>,
}

/// The line: whoever waits longest in a tenancy goes first there, and tenancies take turns.
#[derive(Debug, Default)]
pub(super) struct Line {
    by_tenancy: BTreeMap<Tenancy, VecDeque<Waiting>>,
    turns: VecDeque<Tenancy>,
    len: usize,
}

impl Line {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Puts one at the end.
    pub(super) fn push(&mut self, waiting: Waiting) {
        self.len += 1;
        let tenancy = waiting.event.key.tenancy();
        if let Some(own) = self.by_tenancy.get_mut(tenancy) {
            own.push_back(waiting);
            return;
        }
        let tenancy = tenancy.clone();
        self.turns.push_back(tenancy.clone());
        self.by_tenancy.insert(tenancy, VecDeque::from([waiting]));
    }

    /// Puts those that were taken back where they stood.
    pub(super) fn put_back(&mut self, taken: Vec<Waiting>) {
        let Some(first) = taken.first() else { return };
        self.len += taken.len();
        let tenancy = first.event.key.tenancy().clone();
        self.turns.retain(|other| *other != tenancy);
        let own = self.by_tenancy.entry(tenancy.clone()).or_default();
        taken.into_iter().rev().for_each(|waiting| own.push_front(waiting));
        self.turns.push_front(tenancy);
    }

    /// The first of the tenancy whose turn it is, at most so many.
    pub(super) fn take(&mut self, most: usize) -> Vec<Waiting> {
        let Some(tenancy) = self.turns.pop_front() else { return Vec::new() };
        let Some(own) = self.by_tenancy.get_mut(&tenancy) else { return Vec::new() };
        let taken: Vec<_> = own.drain(..most.min(own.len())).collect();
        self.len -= taken.len();
        if own.is_empty() {
            self.by_tenancy.remove(&tenancy);
        } else {
            self.turns.push_back(tenancy);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use trimtab_backend::{Index, Key};

    use super::*;

    fn waiting(namespace: &str, index: u64) -> Waiting {
        let key = Key::new("site", "a").in_namespace(namespace);
        let event = EntryEvent { key, old: None, new: None, index: Index::new(index) };
        let (what, priority) = (WhatHappened::Changed, Priority::Normal);
        Waiting { number: index, event, what, priority, news: News::for_all(), first: false, tries: None }
    }

    fn indexes(taken: &[Waiting]) -> Vec<u64> {
        taken.iter().map(|waiting| waiting.event.index.get()).collect()
    }

    #[test]
    fn tenancies_take_turns_and_each_keeps_its_order() {
        let mut line = Line::default();
        for (index, namespace) in [(1, "a"), (2, "a"), (3, "b"), (4, "a"), (5, "b")] {
            line.push(waiting(namespace, index));
        }
        assert_eq!(indexes(&line.take(2)), [1, 2]);
        let of_b = line.take(2);
        assert_eq!(indexes(&of_b), [3, 5]);
        line.put_back(of_b);
        assert_eq!(line.len(), 3);
        assert_eq!(indexes(&line.take(1)), [3], "what was put back is first again");
        assert_eq!(indexes(&line.take(9)), [4]);
        assert_eq!(indexes(&line.take(9)), [5]);
        assert_eq!((line.len(), line.take(9).len()), (0, 0));
    }
}
