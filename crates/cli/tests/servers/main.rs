//! The binary on stores that several machines share: real etcd and real Consul, started on loopback.
//!
//! What is wrong is put right while the daemon waits: each case ends with a site that was reconciled.

mod away;
mod changed;
mod cluster;
mod health;
mod others;
mod replica;
mod replicas;
mod rights;
mod settled;
#[expect(dead_code, reason = "the stage has more than is needed here")]
#[path = "../stage/mod.rs"]
mod stage;
mod strange;
mod tls;
