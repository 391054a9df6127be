//! The Consul backend: entries in Consul's key-value store.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use trimtab_backend::{Backend, Expect, Key, Operation, Part, Transaction};
//! use trimtab_consul::Consul;
//!
//! let store = Consul::connect(["http://127.0.0.1:8500"]).await?;
//! let key = Key::new("site", "blog");
//! let put = Operation::Put { key, part: Part::Spec, value: "{}".into(), expect: Expect::Absent };
//! let commit = store.commit(Transaction::of([put])).await?;
//! # drop(commit); Ok(()) }
//! ```
//!
//! # What it stands on
//! Consul 1.14 or later. Each transaction also moves on a *lane* of its process under that lane's own condition, and leaves a record beside it: so an outcome that was
//! lost can be settled for good, and followers are told each commit for a few kilobytes, however many entries there are.
//!
//! # Rights
//! A token needs `key_prefix "<prefix>/v1/" { policy = "write" }`; where kinds are to be kept apart, write on `e/<kind>/`, `i/`, `w/` and `r/` below that, and read on
//! `meta/`. Who may read `r/` sees the values of recent small commits of every kind ([`ConsulBuilder::carried`]).
//!
//! # Not here yet
//! Following Consul's own config entries (`service-resolver`, `http-route` and the others) as entries. They lie outside the key-value store, a transaction cannot name them, and so a write to them can
//! be neither fenced nor guarded together with entries; they will be a source of entries to read, beside this backend and not in it.
//!
//! **Knows nothing of** controllers, the store crate, other backends. Of HTTP nothing shows outside.

mod builder;
mod clean;
mod client;
mod commit;
mod compose;
mod consul;
mod core;
mod error;
mod follow;
mod lanes;
mod layout;
mod listing;
mod open;
mod read;
mod settings;
mod wire;

pub use builder::ConsulBuilder;
pub use consul::Consul;
pub use error::ConnectError;
