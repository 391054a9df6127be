//! What a source has yet to tell of again, because it has become this replica's.

use std::sync::Arc;

use trimtab_backend::Key;

use super::{Share, Standing};

/// How far a source has told of what is this replica's.
#[derive(Debug)]
pub(crate) struct Listed {
    share: Arc<Share>,
    /// What it told of was filtered by this one, or a later one.
    upto: Arc<Standing>,
}

/// What has become this replica's between two standings.
#[derive(Clone, Debug)]
pub(crate) struct Gained {
    before: Arc<Standing>,
    now: Arc<Standing>,
}

impl Listed {
    pub(crate) fn new(share: &Arc<Share>) -> Self {
        Self { share: Arc::clone(share), upto: share.standing() }
    }

    /// Ends when there is something to tell of again: then it is as good as told. Cancel safe.
    pub(crate) async fn gained(&mut self) -> Gained {
        loop {
            let now = self.share.standing();
            // Until then nothing is gained.
            if now.is_settled() && !Arc::ptr_eq(&now, &self.upto) {
                let before = std::mem::replace(&mut self.upto, Arc::clone(&now));
                return Gained { before, now };
            }
            self.share.moved(&now).await;
        }
    }

    /// Up to where it has told.
    pub(crate) fn upto(&self) -> Arc<Standing> {
        Arc::clone(&self.upto)
    }
}

impl Gained {
    /// With what was gained later.
    pub(crate) fn through(self, later: Self) -> Self {
        Self { before: self.before, now: later.now }
    }

    pub(crate) fn holds(&self, key: &Key) -> bool {
        self.now.has_gained(key, &self.before)
    }
}
