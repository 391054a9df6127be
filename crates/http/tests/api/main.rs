//! The API as a client meets it: over a socket, byte by byte.
//!
//! Sockets are real, so waits are too; each is bounded.

mod admission;
mod away;
mod bounds;
mod codes;
mod ends;
mod entries;
mod framing;
mod lists;
mod openapi;
mod replicas;
mod stage;
mod tls;
mod transactions;
mod writes;
