//! The reading end of one follower.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::Shared;
use crate::{FeedItem, FollowError};

/// A number on the shared log; dropping it takes the follower off.
pub(super) struct Following {
    shared: Arc<Shared>,
    id: usize,
}

impl Following {
    pub(super) fn new(shared: &Arc<Shared>, id: usize) -> Self {
        Self { shared: Arc::clone(shared), id }
    }
}

impl Stream for Following {
    type Item = Result<FeedItem, FollowError>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let (told, stale) = self.shared.log.lock().poll(self.id, self.shared.store, cx.waker());
        drop(stale);
        told.map(Some)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let follower = self.shared.log.lock().followers.remove(self.id);
        drop(follower);
    }
}
