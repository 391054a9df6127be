//! The storage contract of Trimtab.
//!
//! A backend is a **dumb conditional log of records**: it commits transactions under conditions and lets itself be followed.
//! Everything else - uid, generation, finalizers, owners, equal writes, leases, fences - is built above it, once, so that a
//! reconciler runs unchanged on memory, on a directory, on etcd and on Consul.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use trimtab_backend::{Backend, Expect, Key, Memory, Operation, Part, Transaction};
//!
//! let memory = Memory::new();
//! let key = Key::new("site", "blog");
//! let put = |value: &'static str, expect| {
//!     let value = value.into();
//!     Transaction::of([Operation::Put { key: key.clone(), part: Part::Spec, value, expect }])
//! };
//! memory.commit(put("{}", Expect::Absent)).await?;
//! assert!(memory.commit(put("{}", Expect::Absent)).await.is_err(), "it is there already");
//! # Ok(()) }
//! ```
//!
//! The parts, from the small to the large: names ([`Key`], [`Tenancy`], [`KindName`]), versions ([`Index`], [`Position`]), what is
//! stored ([`Record`]), what is asked ([`Transaction`]), what is answered ([`Commit`], [`CommitError`]), what is followed
//! ([`Feed`], [`Scope`]), and [`Backend`] itself. Beside them the reference [`Memory`], the [`RecordLog`] that it and other backends stand
//! on, the [`conformance`] suite, and leases ([`StoreLease`]).
//!
//! **Knows nothing of** entries, controllers, tasks.

mod any;
mod backend;
mod commit;
pub mod conformance;
mod deadline;
mod feed;
mod invalid;
mod key;
mod lease;
mod limits;
mod memory;
mod position;
mod record;
mod record_log;
mod scope;
mod tenancy;
mod transaction;
mod uid;

pub use any::AnyBackend;
pub use backend::Backend;
pub use commit::{Commit, CommitError, Failed, Found, Pending, Verdict, Why};
pub use feed::{Feed, FeedItem, FeedSender, FollowError, ResetReason};
pub use invalid::Invalid;
pub use key::{Key, KindName, RESERVED_KINDS};
pub use lease::{Held, Holder, LeaseError, LeaseSettings, Leases, Over, Sighting, StoreLease, Vigil, Watch};
pub use limits::{Fidelity, Limits};
pub use memory::Memory;
pub use position::{Index, Position, PositionError, StoreId};
pub use record::{Part, Record, RecordChange};
pub use record_log::{RecordLog, Staged};
pub use scope::Scope;
pub use tenancy::{Tenancy, TenancyPattern};
pub use transaction::{Check, Expect, Operation, Transaction};
pub use uid::{Uid, UidError};
