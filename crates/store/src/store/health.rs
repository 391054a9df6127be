//! How the following goes.

use std::fmt;

use trimtab_backend::{FollowError, Position};
use trimtab_seams::Instant;

use super::Refusing;

/// How well a store follows its backend, see [`Store::health`](crate::Store::health).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Health {
    /// What the follower is doing.
    pub following: Following,
    /// Where the view stands; `None` before the first snapshot.
    pub position: Option<Position>,
    /// How often the view had to be read anew as a whole; the first time is not counted.
    pub resets: u64,
    /// Entries in view, in all kinds and tenancies.
    pub entries: usize,
    /// How many of them cannot be decoded, see [`Store::undecodable`](crate::Store::undecodable).
    pub undecodable: usize,
    /// Whether the backend has told of commits outside of what is followed. From then on a view that stands still has not come further.
    pub tells_progress: bool,
    /// The last write that was tried was refused, less than a minute ago or for good: the disk is full, nobody has a quorum. None: writes are taken, as far as is known.
    pub refusing: Option<Refusing>,
    /// What is in the way, in the backend's words: which server, what it said, what to do. None while it answers, or when the backend tells nothing.
    pub trouble: Option<String>,
}

/// What a follower is doing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Following {
    /// It reads a snapshot, the first one or one after a reset. The view, if there is one, stands still meanwhile.
    Reading,
    /// It is told every change.
    Live,
    /// It lost the backend and tries again, for ever, with growing delays. The view stands still meanwhile.
    Retrying {
        /// What happened last.
        error: FollowError,
        /// Failures in a row.
        attempts: u32,
        /// When the first of them was, on the store's clock.
        since: Instant,
    },
    /// The store was closed.
    Closed,
}

impl Health {
    /// Whether every change is told.
    pub fn is_live(&self) -> bool {
        self.following == Following::Live
    }

    /// An error with what is in the way, for people.
    pub fn explained(&self, error: impl fmt::Display) -> String {
        explained(error, self.trouble.as_deref())
    }
}

/// An error, with what is in the way where that is known.
pub(super) fn explained(error: impl fmt::Display, trouble: Option<&str>) -> String {
    match trouble {
        Some(trouble) => format!("{error}: {trouble}"),
        None => error.to_string(),
    }
}
