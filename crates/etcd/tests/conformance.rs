//! The contract, held by one suite for every backend, on a real server.

use std::cell::RefCell;

use trimtab_backend::Backend;
use trimtab_backend::conformance::{Report, Suite, Violation};
use trimtab_etcd::Etcd;
use trimtab_seams::Seams;
use trimtab_test_conformance::Column;
use trimtab_test_servers::Server;
use trimtab_test_servers::etcd::Cluster;

fn held(checked: Result<Report, Vec<Violation>>) -> Report {
    checked.unwrap_or_else(|violations| {
        let lines: Vec<_> = violations.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

/// A store of its own below a prefix that nobody has used.
async fn fresh(endpoints: Vec<String>) -> Etcd {
    let prefix = format!("conformance/{:x}", Seams::tokio().random());
    Etcd::builder(endpoints).prefix(prefix).connect().await.expect("a server that runs")
}

/// contract T1, T2, T3, T4, T5, I1, I2, I3, F1, F2, F3, F4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn etcd_keeps_the_contract() {
    let Some(cluster) = Cluster::single() else { return };
    let cluster = RefCell::new(cluster);
    let suite = Suite::new(async || {
        let endpoints = cluster.borrow().endpoints();
        fresh(endpoints).await
    })
    .with_compaction(async |_: &Etcd, index| cluster.borrow().compact(index.get()))
    .with_restart(async |store: Etcd| {
        let (endpoints, prefix) = (cluster.borrow().endpoints(), store.prefix().to_owned());
        store.close().await;
        cluster.borrow_mut().kill(0);
        cluster.borrow_mut().restart(0);
        Etcd::builder(endpoints).prefix(prefix).connect().await.expect("the same server")
    });
    let report = held(suite.run().await);
    println!("{report}");
    assert!(report.skipped.iter().all(|skipped| skipped.reason.contains("adapter's own")), "{report}");
    let heading = format!("etcd {}", Server::Etcd.version());
    let package = env!("CARGO_MANIFEST_DIR");
    let without: [(&[u8], _); 1] = [(&[37], "no tombstones")];
    Column { heading: &heading, package, report: &report, without: &without }.compare();
}
