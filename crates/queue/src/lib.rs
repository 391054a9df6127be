//! Work queue, defer queue and limiters for controllers: every key at most once in line, never in two hands, never forgotten.
//!
//! A controller is told *that* something about a key changed, again and again, and must run once afterwards - not once for each time, not
//! twice at the same time, later after a failure, and at the promised time when it asked for one. [`RateLimitedQueue`] keeps one
//! record per key for all of this; workers pull.
//!
//! ```
//! # use std::time::Duration;
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use trimtab_queue::{QueueSettings, RateLimitedQueue, WorkQueue};
//! use trimtab_seams::Seams;
//!
//! let queue = RateLimitedQueue::new(QueueSettings::new(&Seams::tokio()));
//! queue.add("orders");
//! queue.add("orders"); // still in line once
//! queue.add_after("invoices", Duration::from_millis(1));
//!
//! let mut seen = Vec::new();
//! while let Some(claim) = queue.get().await {
//!     seen.push(*claim);
//!     if seen == ["orders", "invoices"] {
//!         queue.shutdown();
//!     }
//!     claim.done();
//! }
//! assert_eq!(seen, ["orders", "invoices"]);
//! # }
//! ```
//!
//! The rules live in a pure core (plain data, told the time); a thin shell adds the lock, the waiting workers and one timer. [`DeferQueue`],
//! [`RateLimiter`] and the [`Limiter`]s are usable alone, and a queue of your own is four methods of [`WorkQueue`].
//!
//! **Knows nothing of** entries, stores, streams, reconcilers. The core has no clock, no lock and nothing async.

mod add;
mod claim;
mod core;
mod defer_queue;
mod item;
mod limiter;
mod outcome;
mod priority;
mod report;
mod settings;
mod shell;
mod sync;
mod work_queue;

pub use add::Add;
pub use claim::{Claim, Finish};
pub use defer_queue::{DeferHandle, DeferQueue};
pub use item::{Item, Merge, Newest};
pub use limiter::{
    AtMost, ExponentialBackoff, Failure, FastSlow, InvalidBackoff, Limiter, MaxOf, RateLimiter, TokenBucket,
};
pub use outcome::{BoxError, Outcome};
pub use priority::Priority;
pub use report::{Counters, Failing, KeyReport, KeyState};
pub use settings::{Party, QueueSettings};
pub use shell::RateLimitedQueue;
pub use work_queue::WorkQueue;

/// The readme's example runs too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
