//! How long a lease is nobody's when its holder dies, and when the store's leader does.
//!
//! ```sh
//! cargo run --release --bin takeover                  # JSON lines; etcd and Consul, TTL 2 s and 10 s, 20 kills of each
//! cargo run --release --bin takeover -- 5 etcd        # 5 kills, only the cases with this in their name
//! ```
//!
//! Three servers of each on this machine. **holder**: a process of its own that holds and renews a lease is killed (SIGKILL); another waits for the lease. From the kill to
//! the grant. **leader**: two replicas contend for leases of both TTLs while the store's leader is killed and started again; how long a lease was valid for nobody, and whether
//! it changed hands. That two never hold one validly is checked too.

mod holder;
mod killed;
mod leader;
mod servers;
mod spans;

use std::time::Duration;

use tokio::runtime::Builder;
use trimtab_backend::{AnyBackend, LeaseSettings, StoreLease};
use trimtab_bench::{Chosen, quantile};
use trimtab_seams::Seams;

use servers::Servers;

pub(crate) const TTLS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.peek().is_some_and(|word| word == holder::WORD) {
        return holder::main(&arguments.collect::<Vec<_>>());
    }
    let arguments: Vec<String> = arguments.collect();
    let numbers = arguments.iter().any(|word| word.parse::<usize>().is_ok());
    let chosen = Chosen::from_arguments(arguments.into_iter());
    let kills = if numbers { chosen.rounds } else { 20 };
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for kind in ["etcd", "consul"] {
        let (holder, leader) = (format!("{kind}_holder"), format!("{kind}_leader"));
        if !chosen.has(&holder) && !chosen.has(&leader) {
            continue;
        }
        let mut servers = Servers::three(kind);
        runtime.block_on(async {
            let seams = Seams::tokio();
            for ttl in TTLS.into_iter().filter(|_| chosen.has(&holder)) {
                killed::measure(&servers, &seams, ttl, kills).await;
            }
            if chosen.has(&leader) {
                leader::measure(&mut servers, &seams, kills).await;
            }
        });
    }
}

/// Leases of a store, under a TTL.
pub(crate) fn leases(store: &AnyBackend, seams: &Seams, ttl: Duration) -> StoreLease {
    let settings = LeaseSettings::with_ttl(ttl).expect("a TTL that is allowed");
    StoreLease::new(store.clone(), seams).with_settings(settings)
}

/// The median and the longest, in milliseconds, as fields of a JSON line.
pub(crate) fn p50_and_worst(waits: &[Duration]) -> String {
    let millis: Vec<f64> = waits.iter().map(|wait| wait.as_secs_f64() * 1e3).collect();
    format!(r#""p50_ms": {:.0}, "worst_ms": {:.0}"#, quantile(millis.clone(), 0.5), quantile(millis, 1.0))
}
