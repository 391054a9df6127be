//! An HTTP server that answers the protocol's documents: one POST a run.
//!
//! Starting a process costs milliseconds and an interpreter; a server that is there anyway costs a request on a connection that is kept. Its status code says what an exit code says of a
//! program.
//!
//! A client that follows redirects, keeps cookies, unpacks and reads proxies from the environment was not taken: a webhook is one URL that the operator wrote down. Whoever answers from
//! elsewhere is not the one that was named, and a small packed answer may unpack to a large one. So [`Caller`] stands on HTTP/1.1 connections alone: `connect` opens
//! them, `pool` keeps those that are idle, `exchange` asks on one and reads what comes within bounds, `meaning` says what it comes to.
//!
//! **Asked twice?** A run may be made twice at any time, so a question that met a connection which its server was just closing is asked once more, on a new one: only when the connection had been
//! kept from an earlier question, and not one byte of an answer came. Every other failure is the reconciler's, with backoff.

mod address;
mod bounds;
mod caller;
mod connect;
mod exchange;
mod meaning;
mod pool;
mod retry_after;
#[cfg(test)]
mod tests;
mod token;
mod trust;
mod words;

pub(crate) use caller::Caller;
