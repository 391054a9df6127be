//! Asking Consul over HTTP: addresses, connections that are kept, and going on to the next address when one fails.
//!
//! Whether a request may have reached Consul decides what its failure means (contract X1), so every failure says so.

mod ask;
mod connect;
mod endpoint;
mod trust;

pub(crate) use ask::{Client, Question, Said};
pub(crate) use endpoint::Endpoint;
pub(crate) use trust::{Tls, trust};
