//! The HTTP API as part of the daemon: where it listens, who may ask, what it says of itself.
//!
//! [`Door`] takes the address before anything else is begun, so that an address in use is told at once. [`tokens`] and [`certificate`] read files that change while the
//! daemon runs; what is wrong with them stands in [`Health`] until it is mended.

mod certificate;
mod door;
mod files;
mod health;
mod tokens;

pub(crate) use certificate::{Validity, load, validity};
pub(super) use door::{Door, Served};
pub(super) use health::Health;
pub(crate) use tokens::{Role, line, read};
