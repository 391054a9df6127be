//! Consul: one server or three, on loopback.

mod cluster;
mod member;

pub use member::{Member, Settings};

/// Servers of one Consul.
pub type Cluster = crate::Cluster<Member>;
