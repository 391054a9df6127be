//! A context by hand.

use std::sync::Arc;

use trimtab_backend::Index;
use trimtab_store::Store;

use super::Context;
use crate::controller::Core;
use crate::{Reason, Request};

/// What a worker would have told.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) request: Request,
    pub(super) failures: u32,
    pub(super) reasons: Vec<Reason>,
    pub(super) epoch: Option<Index>,
}

/// Builds a [`Context`] by hand, for unit tests of one reconcile. It reads the store as it is when it is built. Nothing is queued and no trigger waits:
/// there is no controller behind it.
#[derive(Clone, Debug)]
#[must_use = "a builder builds nothing until `build`"]
pub struct ContextBuilder {
    store: Store,
    made: Made,
}

impl ContextBuilder {
    pub(super) fn new(store: &Store, request: &Request) -> Self {
        let made = Made { request: request.clone(), failures: 0, reasons: Vec::new(), epoch: None };
        Self { store: store.clone(), made }
    }

    /// Which attempt it is, from 1, the default.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.made.failures = attempt.saturating_sub(1);
        self
    }

    /// One more reason. Default: none.
    pub fn reason(mut self, reason: Reason) -> Self {
        self.made.reasons.push(reason);
        self
    }

    /// The epoch of a lease. Default: none. Commits are not fenced by it.
    pub fn epoch(mut self, epoch: Index) -> Self {
        self.made.epoch = Some(epoch);
        self
    }

    /// The context.
    pub fn build(self) -> Context {
        Context::by_hand(&Arc::new(Core::new(&self.store)), self.made)
    }
}
