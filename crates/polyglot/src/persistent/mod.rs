//! Worker processes that live on: a line in, a line out.
//!
//! A pool of connections would be kept full; a worker that nobody asks costs memory, so processes are started when they are needed, up to the number of workers, and kept. One that breaks
//! the protocol - it prints without being asked, twice, half a line, too much, no JSON - is ended at once, for nobody knows what it would say to the next question.

mod backoff;
mod pool;
#[cfg(test)]
mod tests;
mod worker;

pub(crate) use pool::Pool;
