//! The binary on stores that several machines share: real etcd and real Consul, started on loopback.

mod cluster;
mod replica;
mod replicas;
#[expect(dead_code, reason = "the stage has more than is needed here")]
#[path = "../stage/mod.rs"]
mod stage;
