//! The real world: the one place that reads the operating system's clock and random source and that calls tokio.

mod clock;
mod random;
mod spawn;
mod timer_thread;

pub(crate) use clock::RealClock;
pub(crate) use random::{OsRandom, random_u64};
pub(crate) use spawn::TokioSpawn;
