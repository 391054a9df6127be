//! Consul: one server or three, on loopback.

mod cluster;
mod member;

pub use cluster::{Cluster, Settings};
