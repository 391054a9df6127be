//! `trimtab.toml`: what it may say, and everything that is wrong with one, at once.
//!
//! A configuration that stops at the first mistake is mended by trial and error. Here the file is read into a tree that knows where each
//! value stands, and each field takes what is its own; what nobody took is unknown. Deriving the reading with serde was no choice: it stops at the first
//! error and forgets where values stood.

mod duration;
mod fields;
mod load;
mod model;
mod parse;
mod problem;
mod size;
mod suggest;
#[cfg(test)]
mod tests;

pub(crate) use duration::parse_duration;
pub(crate) use load::{FILE_NAME, load};
#[cfg(test)]
pub(crate) use model::Watch;
pub(crate) use model::{Backoff, Config, Controller, Follow, Placement, StoreUrl};
pub(crate) use parse::program;
pub(crate) use problem::{Level, Problem, Problems};
pub(crate) use suggest::nearest;
