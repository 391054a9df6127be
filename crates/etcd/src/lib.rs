//! The etcd backend.
//!
//! For several machines: every replica of a program opens the same store. A commit is one etcd transaction under all its conditions; a feed is one
//! watch. No copy of the data is kept here; what is read comes from the cluster, linearizably.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use trimtab_backend::{Backend, Expect, Key, Operation, Part, Transaction};
//! use trimtab_etcd::Etcd;
//!
//! let store = Etcd::connect(["http://10.0.0.7:2379", "http://10.0.0.8:2379", "http://10.0.0.9:2379"]).await?;
//! let key = Key::new("site", "blog");
//! let put = Operation::Put { key: key.clone(), part: Part::Spec, value: "{}".into(), expect: Expect::Absent };
//! let commit = store.commit(Transaction::of([put])).await?;
//!
//! let (position, records) = store.read(&[key]).await?;
//! assert!(position.index >= commit.position().index && records.len() == 1);
//! # Ok(()) }
//! ```
//!
//! **Knows nothing of** controllers, the store crate, other backends. Of tonic and prost nothing shows outside.

mod answer;
mod builder;
mod clear;
mod commit;
mod connect;
mod core;
mod deadline;
mod error;
mod etcd;
mod follow;
mod identity;
mod lanes;
mod layout;
mod pending;
mod proto;
mod read;
mod servers;
#[cfg(test)]
mod tests;
mod transaction;
mod version;

pub use builder::EtcdBuilder;
pub use error::ConnectError;
pub use etcd::Etcd;
