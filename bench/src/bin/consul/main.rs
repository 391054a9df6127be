//! What Trimtab adds to Consul: guarded writes beside raw transactions, and what it costs to hear of one change among 5,000 entries.
//!
//! ```sh
//! cargo run --release --bin consul                   # JSON lines; 21 rounds, on a server that it starts and stops
//! cargo run --release --bin consul -- 5 following    # 5 rounds of those whose name has this in it
//! ```
//!
//! Server, clients and whatever else runs share the machine and the disk, so what is compared takes turns in short slices, and only ratios count. The raw client knows less in the
//! end: not what became of a write whose answer is lost, and nobody is told of what it wrote but by reading everything again.

mod bare;
mod commits;
mod following;

use tokio::runtime::{Builder, Runtime};
use trimtab_bench::Chosen;
use trimtab_seams::Seams;
use trimtab_test_servers::consul::Cluster;

/// What everything is measured in.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) seams: Seams,
    pub(crate) cluster: Cluster,
    pub(crate) rounds: usize,
}

fn main() {
    let numbers = std::env::args().skip(1).any(|word| word.parse::<usize>().is_ok());
    let chosen = Chosen::from_arguments(std::env::args().skip(1));
    let rounds = if numbers { chosen.rounds } else { 21 };
    let cluster = Cluster::single().expect("a server");
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let seams = runtime.block_on(async { Seams::tokio() });
    let world = World { runtime, seams, cluster, rounds };
    for writers in [1, 16, 64] {
        if chosen.has("commits") {
            commits::measure(&world, writers);
        }
    }
    if chosen.has("following") {
        following::measure(&world);
    }
}
