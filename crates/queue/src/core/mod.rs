//! The rules of the queue, as plain data: told the time, never looking at it, without lock or waiting.
//!
//! [`Core`] holds the keys and their promises. [`State`] is all that the shell keeps under its lock: the core, the waiting workers and the
//! shutdown. Tests run every sequence of operations on it.

mod index;
mod line;
mod promises;
mod record;
mod report;
mod rules;
mod slab;
mod state;
#[cfg(test)]
mod tests;
mod waiters;

pub(crate) use record::{NEVER, When};
pub(crate) use rules::{Adding, Failed, Finished, Taken, Verdict};
pub(crate) use state::{Got, State};
