//! Which keys wait for which triggers.
//!
//! A trigger that ends looks itself up by its number under the lock, so one that was removed or replaced meanwhile enqueues nothing, and one that
//! fired is forgotten.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use trimtab_backend::{Index, Key};

use super::Trigger;
use crate::cause::{Reason, WhatHappened};
use crate::controller::Core;
use crate::task::{Signal, caught, unless};

#[derive(Debug, Default)]
pub(crate) struct Triggers {
    table: Mutex<Table>,
    fired: AtomicU64,
}

#[derive(Debug)]
enum Table {
    /// Before `run`: nothing is started yet.
    NotStarted(BTreeMap<Key, (Trigger, Index)>),
    Open(Armed),
    Closed,
}

impl Default for Table {
    fn default() -> Self {
        Self::NotStarted(BTreeMap::new())
    }
}

#[derive(Debug, Default)]
struct Armed {
    by_key: BTreeMap<Key, (u64, Arc<Signal>)>,
    last: u64,
}

impl Triggers {
    /// Sets the trigger of a key; the one it had before is cancelled. What it waits for counts after the index `from`, or from now on.
    pub(crate) fn add(&self, core: &Arc<Core>, request: Key, trigger: Trigger, from: Option<Index>) {
        let cancelled = Arc::new(Signal::default());
        let from = from.unwrap_or_else(|| core.store.snapshot().index());
        let replaced;
        let id = {
            let mut table = self.table.lock();
            match &mut *table {
                Table::Closed => return,
                Table::NotStarted(waiting) => {
                    let replaced = waiting.insert(request, (trigger, from));
                    // An author's future is dropped outside the lock.
                    drop(table);
                    drop(replaced);
                    return;
                }
                Table::Open(armed) => {
                    armed.last += 1;
                    replaced = armed.by_key.insert(request.clone(), (armed.last, Arc::clone(&cancelled)));
                    armed.last
                }
            }
        };
        if let Some((_, replaced)) = replaced {
            replaced.raise();
        }
        let wait = trigger.into_future(&core.store, &core.seams, from);
        let task = {
            let core = Arc::clone(core);
            async move {
                if let Some(ended) = unless(cancelled.raised(), caught(wait)).await {
                    core.triggers.fire(&core, &request, id, ended);
                }
            }
        };
        core.group.spawn(&core.seams, "trigger", task);
    }

    fn fire(
        &self,
        core: &Core,
        request: &Key,
        id: u64,
        ended: Result<crate::Result<()>, crate::task::Panicked>,
    ) {
        {
            let mut table = self.table.lock();
            let Table::Open(armed) = &mut *table else { return };
            if armed.by_key.get(request).is_none_or(|(current, _)| *current != id) {
                return;
            }
            armed.by_key.remove(request);
        }
        self.fired.fetch_add(1, Ordering::Relaxed);
        let span = core.span();
        let _inside = span.enter();
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%request, error = %error.line(), "a trigger failed; its key runs all the same");
            }
            Err(panicked) => {
                let backtrace = panicked.backtrace();
                tracing::error!(%request, error = %panicked, backtrace, "a trigger panicked; its key runs all the same");
            }
        }
        core.enqueue_for(
            request.clone(),
            Reason::of(WhatHappened::Triggered, None, None),
            crate::Priority::Normal,
        );
    }

    /// Cancels the trigger of a key, if it has one.
    pub(crate) fn remove(&self, request: &Key) {
        let (waiting, armed) = match &mut *self.table.lock() {
            Table::NotStarted(waiting) => (waiting.remove(request), None),
            Table::Open(armed) => (None, armed.by_key.remove(request)),
            Table::Closed => (None, None),
        };
        drop(waiting);
        if let Some((_, cancelled)) = armed {
            cancelled.raise();
        }
    }

    /// Cancels the triggers of all other keys.
    pub(crate) fn retain(&self, keep: impl Fn(&Key) -> bool) {
        let cancelled: BTreeMap<_, _> = match &mut *self.table.lock() {
            Table::Open(armed) => {
                let (kept, others) =
                    std::mem::take(&mut armed.by_key).into_iter().partition(|(key, _)| keep(key));
                armed.by_key = kept;
                others
            }
            Table::NotStarted(_) | Table::Closed => return,
        };
        for (_, cancelled) in cancelled.into_values() {
            cancelled.raise();
        }
    }

    /// Starts what was added before `run`.
    pub(crate) fn open(&self, core: &Arc<Core>) {
        let waiting = std::mem::replace(&mut *self.table.lock(), Table::Open(Armed::default()));
        if let Table::NotStarted(waiting) = waiting {
            for (request, (trigger, from)) in waiting {
                self.add(core, request, trigger, Some(from));
            }
        }
    }

    /// Cancels all of them, and takes no more.
    pub(crate) fn close(&self) {
        let closed = std::mem::replace(&mut *self.table.lock(), Table::Closed);
        if let Table::Open(armed) = closed {
            for (_, cancelled) in armed.by_key.into_values() {
                cancelled.raise();
            }
        }
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        match &*self.table.lock() {
            Table::NotStarted(waiting) => waiting.len(),
            Table::Open(armed) => armed.by_key.len(),
            Table::Closed => 0,
        }
    }

    /// How many have fired.
    pub(crate) fn fired(&self) -> u64 {
        self.fired.load(Ordering::Relaxed)
    }
}
