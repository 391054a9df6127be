//! Nothing is reconciled before every gating source has delivered its first snapshot (behaviour C19): a reconciler that ran before would take
//! what it has not been told of for absent.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::task::Signal;

#[derive(Debug)]
pub(crate) struct Gate {
    missing: AtomicUsize,
    open: Signal,
}

impl Gate {
    /// A gate that so many hold shut.
    pub(crate) fn new(sources: usize) -> Self {
        let gate = Self { missing: AtomicUsize::new(sources), open: Signal::default() };
        if sources == 0 {
            gate.open.raise();
        }
        gate
    }

    /// One of them is there.
    pub(crate) fn arrive(&self) {
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.open.raise();
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.is_raised()
    }

    pub(crate) async fn opened(&self) {
        self.open.raised().await;
    }
}
