//! The store: a backend followed into memory, and the one door its writes go through.
//!
//! Every controller of a process could follow the backend by itself. Then each would list, watch, notice a compaction, diff and
//! make the missing deletes, and each would hold its own copy. Here one follower does it once: it applies whole commits to the state,
//! publishes each once, and never gives up.

mod applier;
mod arrivals;
mod at_least;
mod builder;
mod census;
mod core;
mod discard;
mod door;
mod event;
mod follower;
mod health;
mod past;
mod refusals;
mod retry;
mod settle;
mod signal;
mod snapshot_events;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod store;
mod synced;
mod yielding;

pub use at_least::AtLeastError;
pub use builder::{OpenError, StoreBuilder};
pub use door::{Committed, Door};
pub use event::{EntryEvent, subject};
pub use health::{Following, Health};
pub use past::{Past, PastError};
pub use refusals::Refusing;
pub use store::{LatestError, Store};
