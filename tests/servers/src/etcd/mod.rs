//! etcd: one member or three, on loopback.

mod cluster;
mod gateway;
mod member;

pub use cluster::{Cluster, Settings};
