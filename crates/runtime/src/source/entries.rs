//! A source of entries: what it holds, and so what changed.
//!
//! It holds each entry it was told of last, eight bytes for the key and eight for the entry. So after a gap it can tell what vanished, and from what to
//! what the others changed; a snapshot kept pinned instead would keep old versions of every kind in memory while its own kind rests.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use hashbrown::HashMap;
use trimtab_backend::{Index, Key};
use trimtab_queue::Priority;
use trimtab_seams::{HashState, Instant};
use trimtab_store::{Entry, EntryEvent};

use super::body::Body;
use super::follow::{Seat, Standing, Take};
use super::news::News;
use crate::cause::WhatHappened;
use crate::shard::Gained;

type Held = HashMap<Key, Entry, HashState>;

/// What changes are made into requests by.
pub(crate) trait Maps: Send {
    /// One change that the source fires on.
    fn change(&mut self, event: &EntryEvent, what: WhatHappened, priority: Priority, news: &News);
    /// There are no more for now: what they led to is queued.
    fn flush(&mut self);
    /// As [`Take::due`].
    fn due(&self) -> Instant;
    /// As [`Take::again`].
    fn again(&mut self);
    /// As [`Take::poll`].
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
    /// As [`Take::standing`].
    fn standing(&self) -> Standing;
}

pub(crate) struct Entries<M> {
    seat: Seat,
    body: Arc<Body>,
    held: Held,
    /// What is held in place of `held` once the snapshot that is being taken is whole.
    coming: Option<Held>,
    maps: M,
}

impl<M: Maps> Entries<M> {
    pub(crate) fn new(seat: Seat, body: Arc<Body>, maps: M) -> Self {
        Self { seat, body, held: Held::default(), coming: None, maps }
    }

    /// Passes one change on, if the source fires on it.
    fn change(&mut self, event: &EntryEvent, what: WhatHappened, priority: Priority, news: &News) {
        self.seat.health.events.fetch_add(1, Ordering::Relaxed);
        if self.body.fires(event) {
            self.maps.change(event, what, priority, news);
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
        self.change(&since, WhatHappened::Found, self.level(new), &News::for_all());
    }

    /// The level of what a snapshot brings: low, but for an entry whose status is of an older generation. That one has changed while nobody looked, and would wait for all
    /// others to be looked at; and where leases pass on faster than that takes, for ever.
    fn level(&self, found: &Entry) -> Priority {
        let is_behind = found.observed_generation().is_some_and(|observed| observed < found.generation());
        if is_behind { self.body.priority } else { Priority::Low }
    }
}

/// Whether nothing happened to an entry in between.
fn same(old: &Entry, new: &Entry) -> bool {
    old.version() == new.version() && old.status_version() == new.status_version() && old.uid() == new.uid()
}

impl<M: Maps> Take<EntryEvent> for Entries<M> {
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
                self.change(&since, what, body.priority, &News::for_all());
            } else {
                self.change(event, what, body.priority, &News::for_all());
            }
        }
        self.maps.flush();
    }

    fn end(&mut self, index: u64) {
        let coming = self.coming.take().unwrap_or_default();
        let before = std::mem::replace(&mut self.held, coming);
        let mut gone: Vec<_> = before.into_iter().filter(|(key, _)| !self.held.contains_key(key)).collect();
        // In order of the keys, so that a replay finds the same order.
        gone.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (key, old) in gone {
            let event = EntryEvent { key, old: Some(old), new: None, index: Index::new(index) };
            self.change(&event, WhatHappened::Deleted, self.body.priority, &News::for_all());
        }
        self.maps.flush();
    }

    fn tell_again(&mut self, gained: Gained) -> bool {
        if self.body.quiet {
            return true;
        }
        let news = News::for_gained(gained);
        let mut held: Vec<_> = self.held.values().cloned().collect();
        held.sort_by(|a, b| a.key().cmp(b.key()));
        for entry in held {
            let (key, index) = (entry.key().clone(), entry.modified());
            let level = self.level(&entry);
            let event = EntryEvent { key, old: None, new: Some(entry), index };
            self.change(&event, WhatHappened::Found, level, &news);
        }
        self.maps.flush();
        true
    }

    fn due(&self) -> Instant {
        self.maps.due()
    }

    fn again(&mut self) {
        self.maps.again();
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.maps.poll(cx)
    }

    fn standing(&self) -> Standing {
        self.maps.standing()
    }
}
