//! Changes mapped at once, by functions.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use trimtab_backend::Key;
use trimtab_queue::Priority;
use trimtab_seams::Instant;
use trimtab_store::{EntryEvent, Snapshot};

use super::body::{Body, Happening, Unmapped};
use super::entries::Maps;
use super::follow::{Seat, Standing};
use super::news::News;
use super::retries::Retries;
use crate::cause::{Reason, WhatHappened};
use crate::controller::Entering;
use crate::task::call;
use crate::{Error, Request};

pub(super) struct Now {
    seat: Seat,
    body: Arc<Body>,
    retries: Retries,
    /// Buffers that are kept from batch to batch.
    requests: Vec<Request>,
    adds: Vec<Entering>,
    /// Taken once a batch, and only for those who look around.
    view: Option<Snapshot>,
}

impl Now {
    pub(super) fn new(seat: Seat, body: Arc<Body>) -> Self {
        let (requests, adds) = (Vec::new(), Vec::new());
        Self { seat, body, retries: Retries::default(), requests, adds, view: None }
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

    /// Moves the requests of one change to what is to be queued.
    fn collect(&mut self, event: &EntryEvent, what: WhatHappened, priority: Priority, news: &News) {
        if !self.requests.is_empty() {
            let reason = Reason::of(what, Some(event.key.clone()), Some(event.index));
            self.seat.enter(&mut self.requests, &mut self.adds, &reason, event.index, priority, news);
        }
    }

    fn mapped(&mut self, key: &Key) {
        if self.retries.remove(key) {
            self.seat.health.unmapped.lock().remove(key);
            self.note_retries();
        }
    }

    fn unmapped(
        &mut self,
        event: &EntryEvent,
        what: WhatHappened,
        priority: Priority,
        news: News,
        why: Unmapped,
    ) {
        self.requests.clear();
        let health = &self.seat.health;
        let core = &self.seat.core;
        match why {
            Unmapped::Undecodable(error) => {
                tracing::warn!(controller = %core.name(), source = %health.name, key = %event.key, %error, "an entry cannot be mapped until it changes");
                health.unmapped.lock().insert(event.key.clone(), error.to_string());
                self.retries.undecodable(event.clone(), what, priority, news);
            }
            Unmapped::Failed(error) => {
                health.map_failures.fetch_add(1, Ordering::Relaxed);
                let failures = self.retries.failed(&core.seams, event.clone(), what, priority, news);
                tracing::warn!(controller = %core.name(), source = %health.name, key = %event.key, error = %error.line(), failures, "a transformer failed; it is tried again");
                health.unmapped.lock().insert(event.key.clone(), error.line());
            }
        }
        self.note_retries();
    }

    fn note_retries(&self) {
        self.seat.health.unfinished.store(self.retries.due() != Instant::FAR_FUTURE, Ordering::Release);
    }
}

impl Maps for Now {
    fn change(&mut self, event: &EntryEvent, what: WhatHappened, priority: Priority, news: &News) {
        let together;
        let mut news = news;
        let plain = self.body.mappings.is_empty() && self.body.filters.is_empty();
        if plain {
            self.requests.push(event.key.clone());
        } else if let Some(since) = self.retries.since(event) {
            together = self.retries.news(&event.key, news);
            news = &together;
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
                Err(unmapped) => self.unmapped(&since, what, priority, news.clone(), unmapped),
            }
        } else {
            match self.map(event) {
                Ok(()) => {}
                Err(unmapped) => self.unmapped(event, what, priority, news.clone(), unmapped),
            }
        }
        self.collect(event, what, priority, news);
    }

    fn flush(&mut self) {
        self.view = None;
        if !self.adds.is_empty() {
            self.seat.core.push_all(&mut self.adds);
        }
    }

    fn due(&self) -> Instant {
        self.retries.due()
    }

    fn again(&mut self) {
        for retry in self.retries.take_due(self.seat.core.seams.now()) {
            self.change(&retry.event, retry.what, retry.priority, &retry.news);
        }
        self.flush();
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    fn standing(&self) -> Standing {
        Standing::default()
    }
}
