//! Writes: values made by verbs, and the one place where they become a transaction.
//!
//! A transaction builder (`tx = tx.put(..)`, and a `commit` that can be forgotten) or a method for each verb on every context would be
//! the usual faces. Here a verb gives a [`Write`], writes are collected like any values, and one `commit` takes them. Each says which
//! version it was made from, so a write never destroys what its author has not seen; the only one that does says so by its name,
//! [`Draft::overwrite`] (guarantee R-a).
//!
//! [`Write::resolve`] is where uid, generation, finalizers, equality and folding are settled, once, above every backend.

mod admission;
mod basis;
mod draft;
mod error;
mod fold;
mod image;
mod into_writes;
pub(crate) mod json;
mod number;
mod owners;
mod payload;
mod resolve;
mod resolved;
mod typed;
mod verb;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod write;

pub use basis::Basis;
pub use draft::Draft;
pub use error::{Conflict, ReadError, WriteError};
pub use into_writes::IntoWrites;
pub use json::read_payload;
pub use number::rounded;
pub use resolved::{Resolved, Touched};
pub use write::Write;
