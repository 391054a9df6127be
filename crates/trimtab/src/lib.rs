//! Level-triggered controllers on any versioned store.
//!
//! You declare what should be true as entries; controllers make it true and keep it true, whatever crashes in between. A [`Controller`] hears of every
//! change, maps it to keys, and runs your function for each key until it succeeds: never twice at once, never on a view older than what caused
//! the run, again with back-off when it fails.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use serde::{Deserialize, Serialize};
//! use trimtab::prelude::*;
//!
//! #[derive(Serialize, Deserialize)]
//! struct Greeting {
//!     to: String,
//! }
//!
//! impl Kind for Greeting {
//!     const KIND: &'static str = "greeting";
//!     type Status = ();
//! }
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("hello-data");
//! let store = trimtab::open(&path).await?; // a directory, durable
//! store.commit(Greeting { to: "world".into() }.named("first").apply()).await?;
//!
//! let hello = reconcile_fn(async |ctx, request| {
//!     if let Some(greeting) = ctx.get::<Greeting>(&request)? {
//!         println!("hello, {}", greeting.spec.to);
//!     }
//!     Ok(Action::done())
//! });
//! let controller = Controller::new(&store, hello).subscribe(Source::of::<Greeting>());
//! # let handle = controller.handle();
//! # let shutdown = async move { while !handle.is_settled() { tokio::task::yield_now().await } };
//! # #[cfg(any())]
//! let shutdown = trimtab::interrupted(); // Ctrl-C or SIGTERM
//! controller.run(shutdown).await?;
//! # Ok(()) }
//! ```
//!
//! # Where things are
//! Most programs need the [`prelude`] alone. The root holds what authors name most; the modules hold each crate whole: [`runtime`] (controllers),
//! [`store`] (entries, snapshots, writes), [`queue`] and [`stream`] (usable alone), [`backend`] (to write a store of your own), [`seams`] (clock, randomness,
//! spawning; virtual time with the feature `virtual`).
//!
//! # Features
//! `embedded` (default): [`open`]. `signal` (default): [`interrupted`]. `etcd`, `consul`: `Etcd`, `Consul`, stores that several
//! machines share. `anyhow`: `?` on `anyhow::Error` keeps its marks. `virtual`: virtual time for
//! tests.
//!
//! **Knows nothing of** files and scripts: those are the binary's.

#[cfg(feature = "embedded")]
mod open;
pub mod prelude;
#[cfg(feature = "signal")]
mod signal;

#[doc(no_inline)]
pub use trimtab_runtime::{
    Action, Context, Controller, ControllerHandle, Error, IntoRequests, Leader, Manager, ManagerHandle,
    Misconfigured, OptionExt, Placement, Priority, Reaction, Reason, Reconciler, Request, RequeueAfter,
    Result, ResultExt, RetryAfter, RunError, ShardStatus, Sharded, Source, Terminal, Transformer, Trigger,
    owners, reconcile_fn, reconcile_with,
};
#[doc(no_inline)]
pub use trimtab_store::{
    Change, Commit, Condition, ConditionStatus, Conditions, Draft, Dynamic, Entry, Index, Key, Kind, KindKey,
    Lookup, Memory, Position, Query, ReadError, Snapshot, Store, SubscribeRequest, Tenancy, Typed, View,
    Write, WriteError,
};

#[cfg(feature = "embedded")]
pub use open::{OpenError, open};
#[cfg(feature = "signal")]
pub use signal::interrupted;
#[cfg(feature = "consul")]
#[doc(no_inline)]
pub use trimtab_consul::Consul;
#[cfg(feature = "embedded")]
#[doc(no_inline)]
pub use trimtab_embedded::Embedded;
#[cfg(feature = "etcd")]
#[doc(no_inline)]
pub use trimtab_etcd::Etcd;

/// The storage contract: to write a backend of your own, and to check it.
pub mod backend {
    #[doc(no_inline)]
    pub use trimtab_backend::*;
}

/// The store in Consul: how to connect, and what can go wrong.
#[cfg(feature = "consul")]
pub mod consul {
    #[doc(no_inline)]
    pub use trimtab_consul::*;
}

/// The store in etcd: how to connect, and what can go wrong.
#[cfg(feature = "etcd")]
pub mod etcd {
    #[doc(no_inline)]
    pub use trimtab_etcd::*;
}

/// Work queue, defer queue and limiters, usable alone.
pub mod queue {
    #[doc(no_inline)]
    pub use trimtab_queue::*;
}

/// Controllers, whole.
pub mod runtime {
    #[doc(no_inline)]
    pub use trimtab_runtime::*;
}

/// Clock, randomness and spawning.
pub mod seams {
    #[doc(no_inline)]
    pub use trimtab_seams::*;
}

/// Entries, snapshots, queries and the write door, whole.
pub mod store {
    #[doc(no_inline)]
    pub use trimtab_store::*;
}

/// The event publisher, usable alone.
pub mod stream {
    #[doc(no_inline)]
    pub use trimtab_stream::*;
}
