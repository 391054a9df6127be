//! Changes that could not be mapped yet.
//!
//! A transformer that fails must not lose its event: the pointer an entry no longer has is told by no later one. So the change is kept, the oldest
//! old value with the newest new one, and mapped again with backoff (behaviour C8).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use trimtab_backend::Key;
use trimtab_queue::Priority;
use trimtab_seams::{Instant, Seams};
use trimtab_store::EntryEvent;

use crate::cause::WhatHappened;
use crate::task::pause;

#[derive(Debug, Default)]
pub(super) struct Retries {
    by_key: BTreeMap<Key, Kept>,
    due: BTreeSet<(Instant, Key)>,
}

#[derive(Debug)]
struct Kept {
    /// None: not of the type; nothing to map again.
    retry: Option<Retry>,
    failures: u32,
    due: Instant,
}

#[derive(Clone, Debug)]
pub(super) struct Retry {
    pub(super) event: EntryEvent,
    pub(super) what: WhatHappened,
    pub(super) priority: Priority,
}

impl Retries {
    /// Keeps a change to be mapped again. Gives how often its entry has failed.
    pub(super) fn failed(
        &mut self,
        seams: &Seams,
        mut event: EntryEvent,
        what: WhatHappened,
        priority: Priority,
    ) -> u32 {
        let before = self.take(&event.key);
        let failures = before.as_ref().map_or(0, |before| before.failures);
        if let Some(Kept { retry: Some(before), .. }) = before {
            event.old = before.event.old;
        }
        let due = seams.now() + pause(seams, Duration::from_millis(5), Duration::from_secs(300), failures);
        self.due.insert((due, event.key.clone()));
        let key = event.key.clone();
        let retry = Some(Retry { event, what, priority });
        self.by_key.insert(key, Kept { retry, failures: failures + 1, due });
        failures + 1
    }

    /// Notes an entry that is not of the type.
    pub(super) fn undecodable(&mut self, key: &Key) {
        self.take(key);
        self.by_key.insert(key.clone(), Kept { retry: None, failures: 0, due: Instant::FAR_FUTURE });
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
            due.extend(self.by_key.get(&key).and_then(|kept| kept.retry.clone()));
        }
        due
    }
}
