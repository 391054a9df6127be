//! Clock, timers, randomness and spawning: the seams between a program and the world it runs in.
//!
//! A controller that calls the operating system's clock cannot be tested in milliseconds, and one that draws from a global random
//! source cannot be replayed. So every crate of Trimtab reaches these four things through the traits here, carried together by
//! [`Seams`]. The lint list in `clippy.toml` keeps it so.
//!
//! ```
//! # use std::time::Duration;
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use trimtab_seams::Seams;
//!
//! let seams = Seams::tokio();
//! let before = seams.now();
//! seams.sleep(Duration::from_millis(2)).await;
//! assert!(seams.now() - before >= Duration::from_millis(2));
//! # }
//! ```
//!
//! **Knows nothing of** queues, stores, entries, controllers. It is the one home of the real clock, the real random source, the
//! timer thread and `tokio::spawn`.

mod clock;
mod hash;
mod instant;
mod random;
mod real;
mod seams;
mod spawn;
#[cfg(feature = "virtual")]
pub mod virtual_time;

pub use clock::{Clock, Timer};
pub use hash::{HashState, fix_hash_seed};
pub use instant::Instant;
pub use random::{Random, Seeded};
pub use seams::{Seams, Sleep};
pub use spawn::{BoxFuture, Spawn};
