//! The contract, held by one suite for every backend.

use std::sync::Arc;

use tempfile::TempDir;
use trimtab_backend::conformance::{Report, Suite, Violation};
use trimtab_backend::{AnyBackend, Backend, Limits};
use trimtab_seams::{Seams, virtual_time};
use trimtab_test_conformance::Column;

use super::sim_disk::SimDisk;
use crate::Embedded;
use crate::open::{Settings, open};

fn held(checked: Result<Report, Vec<Violation>>) -> Report {
    checked.unwrap_or_else(|violations| {
        let lines: Vec<_> = violations.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

/// contract T1, T2, T3, T4, T5, I1, I2, I3, F1, F2, F3, U1
#[test]
fn embedded_keeps_the_contract_in_virtual_time() {
    for seed in 0..3 {
        let report = virtual_time::run(seed, async |seams| {
            let disk = || Arc::new(SimDisk::new(seams.random()));
            let open_on = |disk| {
                let core = open(disk, None, Settings::default(), seams.clone()).expect("a store");
                Embedded::new(core, Limits::PORTABLE)
            };
            let suite = Suite::new(async || open_on(disk()))
                .with_seams(&seams)
                .with_compaction(async |store: &Embedded, index| store.core().records().compact(index));
            held(suite.run().await)
        });
        let only_restart =
            report.skipped.iter().filter(|skipped| !skipped.reason.contains("adapter's own")).count();
        assert!(only_restart <= 1, "{report}");
    }
}

/// contract I1, guarantee S-b
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_keeps_the_contract_on_a_real_disk_and_over_restarts() {
    let folder = TempDir::new().expect("a folder");
    let seams = Seams::tokio();
    let path = |number: u64| folder.path().join(format!("{number:x}"));
    let suite = Suite::new(async || Embedded::open(path(seams.random())).expect("a new store"))
        .with_compaction(async |store: &Embedded, index| store.core().records().compact(index))
        .with_restart(async |store: Embedded| {
            let place = store.core().files().path("");
            store.close().await;
            Embedded::open(place).expect("the same store")
        });
    let report = held(suite.run().await);
    assert!(report.skipped.iter().all(|skipped| skipped.reason.contains("adapter's own")), "{report}");
    let without: [(&[u8], _); 6] = [
        (&[14, 38], "no rights"),
        (&[15], "no quota"),
        (&[16, 17, 20], "no message to lose"),
        (&[18, 19, 22, 24, 35, 36], "no members"),
        (&[37], "no tombstones"),
        (&[49, 51], "one process"),
    ];
    let package = env!("CARGO_MANIFEST_DIR");
    Column { heading: "embedded", package, report: &report, without: &without }.compare();
}

#[test]
fn embedded_with_next_to_no_history_behind_a_forgotten_type_keeps_the_contract() {
    virtual_time::run(1, async |seams| {
        let suite = Suite::new(async || {
            let settings = Settings { history_commits: 5, history_bytes: 0, checkpoint_bytes: 10_000 };
            let core = open(Arc::new(SimDisk::new(1)), None, settings, seams.clone()).expect("a store");
            AnyBackend::new(Embedded::new(core, Limits::PORTABLE))
        });
        // Two stores of one disk would be told apart by their ids alone.
        held(suite.with_seams(&seams).with_overflow_after(6).run().await)
    });
}
