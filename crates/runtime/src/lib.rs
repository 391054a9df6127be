//! Controllers: reconcilers, contexts, sources, triggers, managers and placement.
//!
//! You declare what should be true as entries in a store; a controller makes it true and keeps it true, whatever crashes in between. It hears of
//! every change, maps it to keys, and runs your function for each key until it succeeds - never twice at the same time, never on a view older than what
//! caused the run, again with backoff when it fails.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use serde::{Deserialize, Serialize};
//! use trimtab_runtime::{Action, Controller, Source, reconcile_fn};
//! use trimtab_store::{Kind, Memory, Store};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Greeting { to: String }
//!
//! #[derive(Serialize, Deserialize, Default)]
//! struct Said { to: Option<String> }
//!
//! impl Kind for Greeting {
//!     const KIND: &'static str = "greeting";
//!     type Status = Said;
//! }
//!
//! let store = Store::open(Memory::new()).await?;
//! store.commit(Greeting { to: "world".into() }.named("first").apply()).await?;
//!
//! let hello = reconcile_fn(async |ctx, request| {
//!     let Some(greeting) = ctx.get::<Greeting>(&request)? else { return Ok(Action::done()) };
//!     println!("hello, {}", greeting.spec.to);
//!     ctx.commit(greeting.edit_status(|said| said.to = Some(greeting.spec.to.clone()))).await?;
//!     Ok(Action::done())
//! });
//! let controller = Controller::new(&store, hello).subscribe(Source::of::<Greeting>());
//! let handle = controller.handle();
//! controller
//!     .run(async move {
//!         while !handle.is_settled() {
//!             tokio::task::yield_now().await;
//!         }
//!     })
//!     .await?;
//! assert_eq!(store.get::<Greeting>("first")?.unwrap().status.to.as_deref(), Some("world"));
//! # Ok(()) }
//! ```
//!
//! What an author writes: [`Reconciler`], by hand or by [`reconcile_fn`]; what it is given: [`Context`]; what it returns: [`Action`] or [`Error`].
//! What drives it: [`Controller`] with its [`Source`]s and [`Trigger`]s, several of them under a [`Manager`], in one replica or each on its share by a [`Placement`].
//!
//! **Knows nothing of** files, servers, processes, a concrete backend.

mod action;
mod cause;
mod context;
mod controller;
mod error;
mod lease_use;
mod manager;
mod metrics;
pub mod owners;
mod reconciler;
mod roster;
mod shard;
mod source;
mod task;
mod trigger;

pub use action::Action;
pub use cause::{Cause, Reason, WhatHappened};
pub use context::{Context, ContextBuilder};
pub use controller::{
    Controller, ControllerHandle, ControllerStatus, Ended, KeyStatus, KeyStatusState, Misconfigured,
    Reconciled, Run, RunError, Whereabouts,
};
pub use error::{Error, OptionExt, Reaction, RequeueAfter, Result, ResultExt, RetryAfter, Terminal};
pub use lease_use::{Leader, Placement, Sharded};
pub use manager::{Manager, ManagerHandle, Readiness};
pub use metrics::{ControllerMetrics, Durations, Family, FamilyKind, ReconcileCounts, metric_families};
pub use reconciler::{ReconcileFn, ReconcileWithFn, Reconciler, Request, reconcile_fn, reconcile_with};
pub use roster::{Replica, ReplicaState, ReplicaStatus, Roster};
pub use shard::{ShardMember, ShardStatus};
pub use source::{IntoRequests, Source, SourceState, SourceStatus, Told, Transformer};
pub use trigger::Trigger;

pub use trimtab_queue::Priority;
