//! Changes that could not be mapped yet.
//!
//! A transformer that fails must not lose its event: the pointer an entry no longer has is told by no later one. So the change is kept, the oldest
//! old value with the newest new one, and mapped again with backoff or with the next change, whichever comes first (behaviour C8). So is one to a value that
//! is not of the type, but for the backoff.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use trimtab_backend::Key;
use trimtab_queue::Priority;
use trimtab_seams::{Instant, Seams};
use trimtab_store::EntryEvent;

use super::news::News;
use crate::cause::WhatHappened;
use crate::task::pause;

#[derive(Debug, Default)]
pub(super) struct Retries {
    by_key: BTreeMap<Key, Kept>,
    due: BTreeSet<(Instant, Key)>,
}

#[derive(Debug)]
struct Kept {
    retry: Retry,
    failures: u32,
    /// The far future: its new value is not of the type, and will not be until it changes.
    due: Instant,
}

#[derive(Clone, Debug)]
pub(super) struct Retry {
    pub(super) event: EntryEvent,
    pub(super) what: WhatHappened,
    pub(super) priority: Priority,
    pub(super) news: News,
}

impl Retries {
    /// Keeps a change to be mapped again. Gives how often its entry has failed.
    pub(super) fn failed(
        &mut self,
        seams: &Seams,
        event: EntryEvent,
        what: WhatHappened,
        priority: Priority,
        news: News,
    ) -> u32 {
        let failures = self.take(&event.key).map_or(0, |before| before.failures);
        let due = seams.now() + pause(seams, Duration::from_millis(5), Duration::from_secs(300), failures);
        self.due.insert((due, event.key.clone()));
        let key = event.key.clone();
        let retry = Retry { event, what, priority, news };
        self.by_key.insert(key, Kept { retry, failures: failures + 1, due });
        failures + 1
    }

    /// Notes a change to what is not of the type.
    pub(super) fn undecodable(
        &mut self,
        event: EntryEvent,
        what: WhatHappened,
        priority: Priority,
        news: News,
    ) {
        let key = event.key.clone();
        self.take(&key);
        let retry = Retry { event, what, priority, news };
        self.by_key.insert(key, Kept { retry, failures: 0, due: Instant::FAR_FUTURE });
    }

    /// The change together with the one before it that could not be mapped, if there is one.
    pub(super) fn since(&self, event: &EntryEvent) -> Option<EntryEvent> {
        let kept = self.by_key.get(&event.key)?;
        Some(EntryEvent { old: kept.retry.event.old.clone(), ..event.clone() })
    }

    /// For which requests the two together are news.
    pub(super) fn news(&self, key: &Key, of_change: &News) -> News {
        let kept = self.by_key.get(key).map(|kept| kept.retry.news.clone());
        kept.map_or_else(|| of_change.clone(), |news| news.and(of_change.clone()))
    }

    /// Forgets an entry. Says whether there was something.
    pub(super) fn remove(&mut self, key: &Key) -> bool {
        !self.by_key.is_empty() && self.take(key).is_some()
    }

    fn take(&mut self, key: &Key) -> Option<Kept> {
        let kept = self.by_key.remove(key)?;
        self.due.remove(&(kept.due, key.clone()));
        Some(kept)
    }

    /// When the first of them is to be mapped again.
    pub(super) fn due(&self) -> Instant {
        self.due.first().map_or(Instant::FAR_FUTURE, |(due, _)| *due)
    }

    /// Those whose time has come; they stay known as failing.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<Retry> {
        let mut due = Vec::new();
        while self.due() <= now {
            let Some((_, key)) = self.due.pop_first() else { break };
            due.extend(self.by_key.get(&key).map(|kept| kept.retry.clone()));
        }
        due
    }
}
