//! The context of one run: what a reconciler reads with, writes with, and asks about its run.
//!
//! It is lent, not given: a run's context cannot be moved into a task that outlives the run, so no write outlives the run or its lease. All
//! reads are of one snapshot, with the run's own writes laid over it; all writes go through one door, which adds versions and the lease's fence,
//! and remembers what must not be forgotten even if an author's error type hides it.

mod builder;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod context;
mod memory;
mod reads;
mod writes;

pub use builder::ContextBuilder;
pub use context::Context;

pub(crate) use memory::{Finished, Refusal};
