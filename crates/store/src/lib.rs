//! Config entries over any backend: snapshots, views, indexes, and the one write door.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use trimtab_store::{Kind, Memory, Store};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Site { port: u16 }
//!
//! #[derive(Serialize, Deserialize, Default)]
//! struct SiteStatus { serving: bool }
//!
//! impl Kind for Site {
//!     const KIND: &'static str = "site";
//!     type Status = SiteStatus;
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Store::open(Memory::new()).await?;
//! store.commit([Site { port: 80 }.named("blog").apply(), Site { port: 443 }.named("shop").apply()]).await?;
//!
//! let blog = store.get::<Site>("blog")?.ok_or("written just now")?;
//! store.commit([
//!     blog.edit(|site| site.port = 8080),                    // at the version that was read, or a conflict
//!     blog.edit_status(|status| status.serving = true),      // together: both, or neither
//! ]).await?;
//!
//! let ports: Vec<u16> = store.list::<Site>().all()?.iter().map(|site| site.spec.port).collect();
//! assert_eq!(ports, [8080, 443]);
//! # Ok(()) }
//! ```
//!
//! - **Entries**: an [`Entry`] is two records under one [`Key`], read as one thing; a [`Kind`] gives it types, [`Dynamic`] sees it as JSON,
//!   a [`Document`] is the form people write.
//! - **Writing**: verbs on entries and [`Draft`]s make [`Write`]s; [`Store::commit`] takes one or several and answers with a
//!   [`Commit`] or a [`WriteError`] sorted by what to do next.
//! - **Reading**: a [`Snapshot`] is the store at one index, a [`View`] the snapshot seen from a tenancy; both answer `get` and
//!   `list`. A [`Query`] narrows by tenancy, prefix, [labels](Selector), owner and [`Lookup`].
//! - **Following**: [`Store::subscribe`] tells every change, whole commits at a time; a [`Change`] shows one entry before and after.
//!
//! **Knows nothing of** controllers, queues, files, servers, a concrete backend.

mod entry;
mod query;
mod state;
mod store;
mod write;

pub use entry::{
    CASCADE_FINALIZER, Condition, ConditionStatus, Conditions, DecodeError, DecodeProblem, Deletion,
    Document, Dynamic, Entry, Kind, KindKey, Labels, Locate, Meta, Owner, OwnerRef, Propagation, Shape,
    Timestamp, TimestampError, Typed,
};
pub use query::{Change, Lookup, Overlay, Query, Results, Selector, SelectorError, Snapshot, View};
pub use store::{
    AtLeastError, Committed, Door, EntryEvent, Following, Health, LatestError, OpenError, Past, PastError,
    Refusing, Store, StoreBuilder, subject,
};
pub use write::{
    Basis, Conflict, Draft, IntoWrites, ReadError, Resolved, Touched, Write, WriteError, read_payload,
    rounded,
};

/// What keys, commits and scopes are, from the contract that backends implement.
pub use trimtab_backend::{
    AnyBackend, Backend, Check, Commit, Index, Invalid, Key, KindName, Memory, Position, Scope, Tenancy,
    TenancyPattern, Uid,
};
/// What a subscription is.
pub use trimtab_stream::{Closed, EventPublisher, Message, SubscribeError, SubscribeRequest, Subscription};
