//! What lives between requests.

use crate::watch::Streams;

/// What lives between requests. Each part has its own lock.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) streams: Streams,
}
