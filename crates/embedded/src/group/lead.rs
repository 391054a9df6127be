//! The duty to write what waits.

use std::sync::Arc;

use crate::core::Core;

/// Held by the one who writes. It cannot be lost: whoever drops it, a task that is shut down too, first writes all that waits.
pub(crate) struct Lead(Option<Arc<Core>>);

impl Lead {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self(Some(Arc::clone(core)))
    }

    /// Writes one group, with the caller's own request in it, and hands on what has come meanwhile: leading for the others until none
    /// is left would keep the caller from its answer. To a task of its own, since one who waits may never be polled again.
    pub(crate) fn lead(mut self) {
        let Some(core) = self.0.clone() else { return };
        core.seams().block_in_place(|| core.write_next_group());
        if core.queue().resign() {
            self.0 = None;
            return;
        }
        let seams = core.seams().clone();
        core.seams().spawn("embedded group commit", async move {
            seams.block_in_place(|| drop(self));
        });
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        if let Some(core) = &self.0 {
            while core.write_next_group() {}
        }
    }
}
