//! What Trimtab adds to etcd: commits beside raw transactions, and from a write to the start of its reconcile beside a raw watch.
//!
//! ```sh
//! cargo run --release --bin etcd                 # JSON lines; 31 rounds, on a server that it starts and stops
//! cargo run --release --bin etcd -- 5 commits    # 5 rounds of those whose name has this in it
//! ```
//!
//! The raw client is tonic's channel with etcd's own messages and nothing else. Server, clients and whatever else runs share the machine and the disk, so what is
//! compared takes turns in short slices, and only ratios count.

mod commits;
mod raw;
mod wake;

use tokio::runtime::{Builder, Runtime};
use trimtab_bench::Chosen;
use trimtab_seams::Seams;
use trimtab_test_servers::etcd::Cluster;

/// What everything is measured in.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) seams: Seams,
    pub(crate) endpoint: String,
    pub(crate) rounds: usize,
}

fn main() {
    let numbers = std::env::args().skip(1).any(|word| word.parse::<usize>().is_ok());
    let chosen = Chosen::from_arguments(std::env::args().skip(1));
    let rounds = if numbers { chosen.rounds } else { 31 };
    let cluster = Cluster::single().expect("a server");
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let seams = runtime.block_on(async { Seams::tokio() });
    let world = World { runtime, seams, endpoint: cluster.endpoint(0), rounds };
    for writers in [1, 16, 64] {
        if chosen.has("commits") {
            commits::measure(&world, writers);
        }
    }
    if chosen.has("wake") {
        wake::measure(&world);
    }
}
