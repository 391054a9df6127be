//! The seed - the Go package that Trimtab grew from - item by item: for each exported name of its page a test of what it became, and each of its
//! own controller tests, told anew. What differs on purpose is in `docs/from-go.md`. `Controller.WithLogger` has a process of its own: `tests/logger`.

#[path = "../stage/mod.rs"]
mod stage;

mod bare_publisher;
mod consul_kinds;
mod consul_retries;
mod consul_transform;
mod consul_triggers;
mod controller;
mod counting_queue;
mod defer_queue;
mod errors;
mod limiter;
mod names;
mod reconciler;
mod work_queue;

use std::sync::Arc;

use parking_lot::Mutex;
use trimtab::prelude::*;

/// The requests a reconciler was called with, in order.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Request>>>);

impl Seen {
    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().iter().map(|request| request.name().to_owned()).collect()
    }

    pub(crate) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.0.lock())
    }
}

/// Notes each request and is content.
impl Reconciler for Seen {
    async fn reconcile(&self, _: &Context, request: Request) -> Result<Action> {
        self.0.lock().push(request);
        Ok(Action::done())
    }
}
