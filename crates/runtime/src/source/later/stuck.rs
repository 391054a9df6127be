//! Entries that could not be mapped although they were asked about alone.
//!
//! What such an entry was before is told by no later change, so it is kept and goes with the newest value: the mapping may fail on a value that the entry has
//! no more. What it was in between is asked about once that is mapped.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use trimtab_backend::Key;
use trimtab_seams::Instant;
use trimtab_store::EntryEvent;

use super::line::Waiting;

/// So many changes of one entry are kept; of more, the oldest in between is left out.
const MOST_BETWEEN: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Stuck {
    by_key: BTreeMap<Key, Kept>,
    due: BTreeSet<(Instant, Key)>,
}

#[derive(Debug)]
struct Kept {
    /// From the oldest value to the newest.
    whole: Waiting,
    between: VecDeque<Waiting>,
    failures: u32,
    /// The far future: it will not be mapped until it changes.
    due: Instant,
}

impl Stuck {
    pub(super) fn holds(&self, key: &Key) -> bool {
        self.by_key.contains_key(key)
    }

    /// Whether there is a later change of the entry.
    pub(super) fn is_newer(&self, than: &Waiting) -> bool {
        self.by_key.get(&than.event.key).is_some_and(|kept| kept.whole.number > than.number)
    }

    /// How often an entry has failed in a row.
    pub(super) fn failures(&self, key: &Key) -> u32 {
        self.by_key.get(key).map_or(0, |kept| kept.failures)
    }

    /// Keeps a change until then, together with what is kept of its entry.
    pub(super) fn keep(&mut self, waiting: Waiting, failures: u32, due: Instant) {
        let key = waiting.event.key.clone();
        let kept = match self.by_key.remove(&key) {
            None => Kept { whole: waiting, between: VecDeque::new(), failures, due },
            Some(mut kept) => {
                self.due.remove(&(kept.due, key.clone()));
                // Otherwise it was asked about once more, and failed once more.
                if waiting.number > kept.whole.number {
                    kept.whole.number = waiting.number;
                    kept.whole.event = EntryEvent { old: kept.whole.event.old, ..waiting.event.clone() };
                    kept.whole.what = waiting.what;
                    kept.whole.news = kept.whole.news.and(waiting.news.clone());
                    kept.whole.priority = kept.whole.priority.max(waiting.priority);
                    kept.between.push_back(waiting);
                    if kept.between.len() > MOST_BETWEEN {
                        kept.between.pop_front();
                    }
                }
                Kept { failures, due, ..kept }
            }
        };
        self.due.insert((due, key.clone()));
        self.by_key.insert(key, kept);
    }

    /// Forgets an entry: it is mapped. Gives its changes in between, and those that came since it was last asked about.
    pub(super) fn mapped(&mut self, key: &Key) -> VecDeque<Waiting> {
        let Some(kept) = self.by_key.remove(key) else { return VecDeque::new() };
        self.due.remove(&(kept.due, key.clone()));
        kept.between
    }

    /// When the first of them is to be asked about again.
    pub(super) fn due(&self) -> Instant {
        self.due.first().map_or(Instant::FAR_FUTURE, |(due, _)| *due)
    }

    /// One whose time has come. It stays kept.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Waiting> {
        if self.due() > now {
            return None;
        }
        let (_, key) = self.due.pop_first()?;
        self.by_key.get(&key).map(|kept| kept.whole.clone())
    }
}
