//! The rules of the queue, as plain data: told the time, never looking at it, without lock or waiting.
//!
//! [`Core`] holds the keys and their promises. [`State`] is all that the shell keeps under its lock: the core, the waiting workers and the
//! shutdown. Tests run every sequence of operations on it.

mod chain;
mod index;
mod line;
mod promises;
mod record;
mod report;
mod retractions;
mod rules;
mod slab;
mod state;
#[cfg(test)]
mod tests;
mod turns;
mod waiters;

pub(crate) use record::{Failed, NEVER, When};
pub(crate) use rules::{Adding, Finished, Taken, Verdict};
pub(crate) use state::{Got, State};
