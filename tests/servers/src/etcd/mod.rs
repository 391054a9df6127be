//! etcd: one member or three, on loopback.

mod cluster;
mod gateway;
mod member;

pub use member::{Member, Settings};

/// Members of one etcd.
pub type Cluster = crate::Cluster<Member>;
