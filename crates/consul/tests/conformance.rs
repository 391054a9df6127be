//! The contract, held by one suite for every backend, on a real Consul.

use std::cell::RefCell;

use trimtab_backend::Backend;
use trimtab_backend::conformance::{Report, Suite, Violation};
use trimtab_consul::Consul;
use trimtab_seams::Seams;
use trimtab_test_conformance::Column;
use trimtab_test_servers::Server;
use trimtab_test_servers::consul::Cluster;

fn held(checked: Result<Report, Vec<Violation>>) -> Report {
    checked.unwrap_or_else(|violations| {
        let lines: Vec<_> = violations.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

/// A store of its own below a prefix that nobody has used.
async fn fresh(endpoints: Vec<String>) -> Consul {
    let prefix = format!("conformance/{:x}", Seams::tokio().random());
    Consul::builder(endpoints).prefix(prefix).connect().await.expect("a server that runs")
}

/// contract T1, T2, T3, T4, T5, I1, I2, I3, F1, F2, F3, F5
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consul_keeps_the_contract() {
    let Some(cluster) = Cluster::single() else { return };
    let cluster = RefCell::new(cluster);
    // 256 items wait for the reader and 512 records in the ring, some of them twice.
    let suite = Suite::new(async || {
        let endpoints = cluster.borrow().endpoints();
        fresh(endpoints).await
    })
    .with_overflow_after(1600)
    .with_restart(async |store: Consul| {
        let (endpoints, prefix) = (cluster.borrow().endpoints(), store.prefix().to_owned());
        store.close().await;
        cluster.borrow_mut().kill(0);
        cluster.borrow_mut().restart(0);
        Consul::builder(endpoints).prefix(prefix).connect().await.expect("the same server")
    });
    let report = held(suite.run().await);
    println!("{report}");
    let untold = report.skipped.iter().filter(|skipped| !skipped.reason.contains("adapter's own"));
    // Consul keeps no history that could be compacted.
    assert!(untold.map(|skipped| skipped.test).eq([31, 32]), "{report}");
    let heading = format!("Consul {}", Server::Consul.version());
    let package = env!("CARGO_MANIFEST_DIR");
    let without: [(&[u8], _); 2] = [(&[15], "no quota"), (&[31, 32], "no history")];
    Column { heading: &heading, package, report: &report, without: &without }.compare();
}
