//! The thin shell round the pure core: one lock, the waiting workers, one alarm for the earliest promise.

mod alarm;
mod drain;
mod get;
mod queue;
mod shared;

pub use queue::RateLimitedQueue;
