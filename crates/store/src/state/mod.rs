//! The view in memory: every entry in every version that somebody may still read.
//!
//! Reconcilers need a consistent view at one index, taken for each run, while the follower goes on writing. A persistent map gives that
//! too, but pays for each update by touching the reference count of every child on the path, cold (3.4 us at a million entries
//! against 1.2 us here). So entries live in **cells** that hold their last few versions, found through 64 sharded tables; a snapshot is a
//! number: reading means taking the newest version not above it. Only creates and deletes touch the ordered index that
//! lists walk.
//!
//! One writer, any number of readers. Rules learnt by failing, kept by tests:
//! - a write trims at most two old versions, so no commit stalls behind a long scan;
//! - a version is kept only while a pinned snapshot can see it, however old other pins are;
//! - lists take the order's lock for 128 keys at a time; what is visible is decided by the version, so this is exact;
//! - secondary indexes hold the terms of every kept version and are asked again for the version that is visible.

mod cell;
mod order;
mod pins;
mod table;
mod terms;
mod view;
mod writer;

pub(crate) use order::Range;
pub(crate) use terms::{TermIndex, Terms};
pub(crate) use view::{Cursor, Pinned, State};
pub(crate) use writer::Writer;

/// The number of a commit in one view: grows by one with each, also where the store's own index goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn(u64);

impl Turn {
    const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What is kept under a key. Cloning counts once.
pub(crate) trait Value: Clone + Send + Sync + 'static {
    /// What readers need to know of the whole; reached through every snapshot.
    type About: Send + Sync + 'static;
}

#[cfg(test)]
mod tests;
