//! Why a key runs: what the queue carries beside the key.
//!
//! Adds of one key become one run, so their reasons are merged: the reasons side by side up to a bound, the index as the highest. One
//! reason lies in place; only a second one allocates.

mod reason;

use trimtab_backend::Index;
use trimtab_queue::Merge;

pub use reason::{Reason, WhatHappened};

/// How many different reasons of one run are kept; what comes after them is only counted.
pub(crate) const KEPT: usize = 8;

/// Why a key stands in a controller's queue. Opaque: a queue of your own carries it and merges it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// Reads must be at least as new as this.
    pub(crate) index: Index,
    /// In which era of the store's indexes that was said: see `Core::era`.
    pub(crate) era: u8,
    reasons: Reasons,
    /// Reasons beyond the kept ones.
    pub(crate) more: u16,
    /// How often in a row the key asked to run at once, without a new event.
    pub(crate) spins: u8,
    /// How often in a row the key lost against another writer.
    pub(crate) conflicts: u8,
    /// How often in a row the view was not yet new enough.
    pub(crate) waits: u8,
    /// Which echo in a row this run is: caused by nothing but the key's own last writes.
    pub(crate) echoes: u8,
    /// Something happened since it was last looked at, as against the runtime or the key itself repeating a run.
    pub(crate) news: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Reasons {
    #[default]
    None,
    One(Reason),
    Many(Vec<Reason>),
}

impl Cause {
    /// One reason, which demands no index of its own.
    pub(crate) fn of(reason: Reason) -> Self {
        let (index, news) = (reason.index().unwrap_or_default(), reason.is_news());
        Self { index, news, reasons: Reasons::One(reason), ..Self::default() }
    }

    /// The reasons, the oldest first.
    pub(crate) fn reasons(&self) -> &[Reason] {
        match &self.reasons {
            Reasons::None => &[],
            Reasons::One(reason) => std::slice::from_ref(reason),
            Reasons::Many(reasons) => reasons,
        }
    }

    /// To be carried to a run that repeats this one, for one reason more.
    pub(crate) fn again(&mut self, what: WhatHappened) {
        self.news = false;
        self.add(Reason::of(what, None, None));
    }

    fn add(&mut self, reason: Reason) {
        if self.reasons().contains(&reason) {
            return;
        }
        match &mut self.reasons {
            Reasons::None => self.reasons = Reasons::One(reason),
            Reasons::One(_) => {
                let Reasons::One(first) = std::mem::take(&mut self.reasons) else { return };
                self.reasons = Reasons::Many(vec![first, reason]);
            }
            Reasons::Many(reasons) if reasons.len() < KEPT => reasons.push(reason),
            Reasons::Many(_) => self.more = self.more.saturating_add(1),
        }
    }
}

impl Merge for Cause {
    fn merge(&mut self, newer: Self) {
        if newer.index > self.index {
            (self.index, self.era) = (newer.index, newer.era);
        }
        self.more = self.more.saturating_add(newer.more);
        self.news |= newer.news;
        self.spins = if self.news { 0 } else { self.spins.max(newer.spins) };
        self.conflicts = self.conflicts.max(newer.conflicts);
        self.waits = self.waits.max(newer.waits);
        self.echoes = self.echoes.max(newer.echoes);
        match newer.reasons {
            Reasons::None => {}
            Reasons::One(reason) => self.add(reason),
            Reasons::Many(reasons) => reasons.into_iter().for_each(|reason| self.add(reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use trimtab_backend::Key;

    use super::*;

    fn changed(index: u64) -> Cause {
        Cause::of(Reason::of(WhatHappened::Changed, Some(Key::new("site", "a")), Some(Index::new(index))))
    }

    /// behaviour C16
    #[test]
    fn reasons_are_merged_each_once_up_to_a_bound_and_the_index_is_the_highest() {
        let mut cause = changed(9);
        cause.merge(changed(3));
        cause.merge(changed(9));
        assert_eq!(cause.index, Index::new(9));
        assert_eq!(cause.reasons().len(), 2);
        (10..40).for_each(|index| cause.merge(changed(index)));
        assert_eq!(cause.reasons().len(), KEPT);
        assert_eq!(cause.more, 24);
        assert_eq!(cause.index, Index::new(39));
    }

    /// behaviour C10
    #[test]
    fn news_ends_a_row_of_requeues_and_a_repeat_does_not() {
        let mut cause = changed(1);
        cause.spins = 4;
        cause.again(WhatHappened::Requeued);
        assert_eq!(cause.spins, 4);
        let mut added_meanwhile = changed(2);
        added_meanwhile.merge(cause.clone());
        assert_eq!(added_meanwhile.spins, 0);
        cause.merge(changed(3));
        assert_eq!(cause.spins, 0);
    }
}
