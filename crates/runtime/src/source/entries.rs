//! A source of entries: what it holds, and what changes lead to.
//!
//! It holds each entry it was told of last, eight bytes for the key and eight for the entry. So after a gap it can tell what vanished, and from what to
//! what the others changed; a snapshot kept pinned instead would keep old versions of every kind in memory while its own kind rests.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hashbrown::HashMap;
use trimtab_backend::{Index, Key};
use trimtab_queue::{Add, Priority};
use trimtab_seams::{HashState, Instant};
use trimtab_store::{Entry, EntryEvent, Snapshot};

use super::body::{Body, Happening, Unmapped};
use super::follow::{Seat, Take};
use super::retries::Retries;
use crate::cause::{Cause, Reason, WhatHappened};
use crate::controller::Entering;
use crate::shard::Gained;
use crate::task::call;
use crate::{Error, Request};

type Held = HashMap<Key, Entry, HashState>;

pub(crate) struct Entries {
    seat: Seat,
    body: Arc<Body>,
    held: Held,
    /// What is held in place of `held` once the snapshot that is being taken is whole.
    coming: Option<Held>,
    retries: Retries,
    /// Buffers that are kept from batch to batch.
    requests: Vec<Request>,
    adds: Vec<Entering>,
    /// While it tells again of what it holds: only of what this replica has gained.
    gained: Option<Gained>,
    /// Taken once a batch, and only for those who look around.
    view: Option<Snapshot>,
}

impl Entries {
    pub(crate) fn new(seat: Seat, body: Arc<Body>) -> Self {
        Self {
            seat,
            body,
            held: Held::default(),
            coming: None,
            retries: Retries::default(),
            requests: Vec::new(),
            adds: Vec::new(),
            gained: None,
            view: None,
        }
    }

    /// Maps one change, and queues what it leads to.
    fn change(&mut self, event: &EntryEvent, what: WhatHappened, priority: Priority) {
        self.seat.health.events.fetch_add(1, Ordering::Relaxed);
        if !self.body.fires(event) {
            return;
        }
        let plain = self.body.mappings.is_empty() && self.body.filters.is_empty();
        if plain {
            self.requests.push(event.key.clone());
        } else if let Some(since) = self.retries.since(event) {
            // What the entry was before the change that could not be mapped is told by no later one; then what it was in between, if that can be.
            let mapped = if self.body.fires(&since) { self.map(&since) } else { Ok(()) };
            match mapped {
                Ok(()) => {
                    self.mapped(&event.key);
                    let whole = self.requests.len();
                    if since.old != event.old && self.map(event).is_err() {
                        self.requests.truncate(whole);
                    }
                }
                Err(unmapped) => self.unmapped(&since, what, priority, unmapped),
            }
        } else {
            match self.map(event) {
                Ok(()) => {}
                Err(unmapped) => self.unmapped(event, what, priority, unmapped),
            }
        }
        self.collect(event, what, priority);
    }

    /// The requests one change leads to, behind those that are there.
    fn map(&mut self, event: &EntryEvent) -> Result<(), Unmapped> {
        let snapshot = self.view.get_or_insert_with(|| self.seat.core.store.snapshot());
        let happening = Happening { event, snapshot };
        call(|| self.body.map(&happening, &mut self.requests)).unwrap_or_else(|panicked| {
            let backtrace = panicked.backtrace();
            let (controller, source) = (self.seat.core.name(), &self.seat.health.name);
            tracing::error!(%controller, %source, key = %event.key, error = %panicked, backtrace, "a transformer panicked");
            Err(Unmapped::Failed(Error::from(panicked)))
        })
    }

    /// Moves the requests of one change to what is to be queued, each once, leaving out those that have been answered.
    fn collect(&mut self, event: &EntryEvent, what: WhatHappened, priority: Priority) {
        let core = &self.seat.core;
        for at in 0..self.requests.len() {
            if self.requests[..at].contains(&self.requests[at]) {
                continue;
            }
            let request = self.requests[at].clone();
            if let Some(gained) = &self.gained {
                // What it answered when the key was this replica's before says nothing.
                if !gained.holds(&request) {
                    continue;
                }
            } else if core.answered.get(&request).is_some_and(|answered| event.index <= answered) {
                self.seat.health.answered.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let reason = Reason::of(what, Some(event.key.clone()), Some(event.index));
            self.adds.push(Add::now(request).carrying(Cause::of(reason)).with_priority(priority));
        }
        self.requests.clear();
    }

    fn mapped(&mut self, key: &Key) {
        if self.retries.remove(key) {
            self.seat.health.unmapped.lock().remove(key);
            self.note_retries();
        }
    }

    fn unmapped(&mut self, event: &EntryEvent, what: WhatHappened, priority: Priority, why: Unmapped) {
        self.requests.clear();
        let health = &self.seat.health;
        let core = &self.seat.core;
        match why {
            Unmapped::Undecodable(error) => {
                tracing::warn!(controller = %core.name(), source = %health.name, key = %event.key, %error, "an entry cannot be mapped until it changes");
                health.unmapped.lock().insert(event.key.clone(), error.to_string());
                self.retries.undecodable(event.clone(), what, priority);
            }
            Unmapped::Failed(error) => {
                health.map_failures.fetch_add(1, Ordering::Relaxed);
                let failures = self.retries.failed(&core.seams, event.clone(), what, priority);
                tracing::warn!(controller = %core.name(), source = %health.name, key = %event.key, error = %error.line(), failures, "a transformer failed; it is tried again");
                health.unmapped.lock().insert(event.key.clone(), error.line());
            }
        }
        self.note_retries();
    }

    fn note_retries(&self) {
        self.seat.health.retrying.store(self.retries.due() != Instant::FAR_FUTURE, Ordering::Release);
    }

    fn flush(&mut self) {
        self.view = None;
        if !self.adds.is_empty() {
            self.seat.core.push_all(&mut self.adds);
        }
    }

    /// One entry of a snapshot: something new unless it is held as it is.
    fn found(&mut self, event: &EntryEvent) {
        let Some(new) = &event.new else { return };
        let old = self.held.get(&event.key);
        if let Some(coming) = &mut self.coming {
            coming.insert(event.key.clone(), new.clone());
        }
        if self.body.quiet && old.is_none() && !self.seat.health.is_synced() {
            return;
        }
        if old.is_some_and(|old| same(old, new)) {
            return;
        }
        let since = EntryEvent { old: old.cloned(), ..event.clone() };
        self.change(&since, WhatHappened::Found, Priority::Low);
    }
}

/// Whether nothing happened to an entry in between.
fn same(old: &Entry, new: &Entry) -> bool {
    old.version() == new.version() && old.status_version() == new.status_version() && old.uid() == new.uid()
}

impl Take<EntryEvent> for Entries {
    fn begin(&mut self) {
        self.coming = Some(Held::default());
    }

    fn events(&mut self, _index: u64, events: &[EntryEvent], snapshot: bool) {
        let body = Arc::clone(&self.body);
        for event in events.iter().filter(|event| body.holds(&event.key)) {
            if snapshot {
                self.found(event);
                continue;
            }
            let before = match &event.new {
                Some(new) => self.held.insert(event.key.clone(), new.clone()),
                None => self.held.remove(&event.key),
            };
            let what = if event.new.is_some() { WhatHappened::Changed } else { WhatHappened::Deleted };
            if event.old.is_none() && before.is_some() {
                let since = EntryEvent { old: before, ..event.clone() };
                self.change(&since, what, body.priority);
            } else {
                self.change(event, what, body.priority);
            }
        }
        self.flush();
    }

    fn end(&mut self, index: u64) {
        let coming = self.coming.take().unwrap_or_default();
        let before = std::mem::replace(&mut self.held, coming);
        let mut gone: Vec<_> = before.into_iter().filter(|(key, _)| !self.held.contains_key(key)).collect();
        // In order of the keys, so that a replay finds the same order.
        gone.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (key, old) in gone {
            let event = EntryEvent { key, old: Some(old), new: None, index: Index::new(index) };
            self.change(&event, WhatHappened::Deleted, self.body.priority);
        }
        self.flush();
    }

    fn tell_again(&mut self, gained: Gained) -> bool {
        if self.body.quiet {
            return true;
        }
        self.gained = Some(gained);
        let mut held: Vec<_> = self.held.values().cloned().collect();
        held.sort_by(|a, b| a.key().cmp(b.key()));
        for entry in held {
            let (key, index) = (entry.key().clone(), entry.modified());
            let event = EntryEvent { key, old: None, new: Some(entry), index };
            self.change(&event, WhatHappened::Found, Priority::Low);
        }
        self.gained = None;
        self.flush();
        true
    }

    fn due(&self) -> Instant {
        self.retries.due()
    }

    fn again(&mut self) {
        for retry in self.retries.take_due(self.seat.core.seams.now()) {
            self.change(&retry.event, retry.what, retry.priority);
        }
        self.flush();
    }
}
