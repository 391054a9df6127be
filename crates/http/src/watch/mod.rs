//! A watch: a snapshot, then every commit of a kind, as Server-Sent Events.
//!
//! A broadcast of texts would be simplest, and loses what a slow client does not take in time. Here each stream is a place in the store's history, at its own
//! pace; what a commit looks like on the wire is made once and shared by all streams that see the same of it, so that a thousand of them cost the writing to
//! sockets and little else. A stream is polled only when its client takes bytes: a slow one holds one commit, and falls out of the history in the end.

mod frame;
mod seats;
mod shelf;
mod stream;
#[cfg(test)]
mod tests;
mod wanted;

pub(crate) use seats::Seats;
pub(crate) use shelf::Shelf;
pub(crate) use stream::{From, Watch};
pub(crate) use wanted::Wanted;

/// What all watches share.
#[derive(Default)]
pub(crate) struct Streams {
    pub(crate) seats: std::sync::Arc<Seats>,
    pub(crate) shelf: Shelf,
}
