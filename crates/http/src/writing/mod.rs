//! What requests write: PUT, DELETE, status and transactions, all the same way.
//!
//! A handler for each with its own reading, comparing and writing would get the races wrong in four places. Here each request becomes a list of
//! [`Planned`] operations, and [`settle`] takes them to the store: conditions are compared with what is there, in view or else asked of the store,
//! and every write is committed on condition that it is still so.

mod plan;
mod settle;
mod tags;
mod told;

pub(crate) use plan::{Act, Planned};
pub(crate) use settle::{Unmet, settle};
pub(crate) use tags::Tags;
pub(crate) use told::{answer, written};
