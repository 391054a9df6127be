//! Group commit: those who commit while the disk is syncing share the next sync.
//!
//! The first who waits leads: it writes the group on its own thread and answers the others. A thread of its own for that was measured and cost
//! a lone commit 50 to 100 us of waking up; a task of its own likewise.

mod lead;
mod queue;
mod write;

pub(crate) use lead::Lead;
pub(crate) use queue::{Queue, Request};
pub(crate) use write::{InFlight, unknown};
