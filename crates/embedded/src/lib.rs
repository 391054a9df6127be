//! The embedded durable backend: a log and a checkpoint in a directory.
//!
//! For one machine. What is acknowledged is on the disk; what is read comes from memory. The directory holds `log.redb` (each commit under its index,
//! synced before anybody is told), `entries.redb` (all records as of a checkpoint) and `lock` (one process at a time).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("data");
//! use trimtab_backend::{Backend, Expect, Key, Operation, Part, Transaction};
//! use trimtab_embedded::Embedded;
//!
//! let key = Key::new("site", "blog");
//! let put = Operation::Put { key: key.clone(), part: Part::Spec, value: "{}".into(), expect: Expect::Absent };
//!
//! let store = Embedded::open(&path)?;
//! let commit = store.commit(Transaction::of([put])).await?;
//! drop(store); // or kill -9, or the plug
//!
//! let store = Embedded::open(&path)?;
//! let (position, records) = store.read(&[key]).await?;
//! assert_eq!((position, records.len()), (commit.position(), 1));
//! # Ok(()) }
//! ```
//!
//! **Knows nothing of** controllers, the store crate, other backends. Of redb nothing shows outside.

mod builder;
mod checkpoint;
mod core;
mod disk;
mod embedded;
mod error;
mod group;
mod lock;
mod open;
#[cfg(test)]
mod tests;
mod writer;

pub use builder::EmbeddedBuilder;
pub use embedded::Embedded;
pub use error::OpenError;
