//! Entries: two records under one key, read as one thing.
//!
//! An entry could be decoded into a struct of maps and values when it arrives. Most entries a follower holds are never looked into,
//! so that would be paid for nothing, a hundred thousand times at start. Instead an [`Entry`] keeps the two records as received, reads
//! the few fields everybody asks for, and decodes the rest once, when somebody first wants it.
//!
//! Here are also the views of an entry - typed by a [`Kind`], or [`Dynamic`] - and [`Document`], the one form in which people and
//! other programs see it.

mod condition;
mod decode_error;
mod decoded;
mod document;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod entry;
mod header;
mod key;
mod kind;
mod locate;
mod meta;
mod owner;
mod scan;
mod timestamp;
mod typed;

pub use condition::{Condition, ConditionStatus, Conditions};
pub use decode_error::{DecodeError, DecodeProblem};
pub use document::{Document, OwnerRef};
pub use entry::Entry;
pub use key::KindKey;
pub use kind::{Dynamic, Kind, Shape};
pub use locate::Locate;
pub use meta::Meta;
pub use owner::{CASCADE_FINALIZER, Deletion, Labels, Owner, Propagation};
pub use timestamp::{Timestamp, TimestampError};
pub use typed::Typed;

pub(crate) use header::{Lists, SpecHeader, StatusHeader, encode};
