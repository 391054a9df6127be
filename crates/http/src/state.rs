//! What lives between requests.

/// What lives between requests. Each part has its own lock.
#[derive(Default)]
pub(crate) struct State {}
