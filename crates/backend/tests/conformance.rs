//! The reference keeps the contract, in real and in virtual time, with little history and with all of it.

use trimtab_backend::conformance::{Report, Suite, Violation};
use trimtab_backend::{AnyBackend, Backend, Memory};
use trimtab_seams::{Seams, virtual_time};
use trimtab_test_conformance::Column;

fn held(checked: Result<Report, Vec<Violation>>) -> Report {
    checked.unwrap_or_else(|violations| {
        let lines: Vec<_> = violations.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

async fn whole(seams: &Seams) -> Report {
    let suite = Suite::new(async || Memory::with_seams(seams))
        .with_seams(seams)
        .with_compaction(async |memory, index| memory.compact(index))
        .with_restart(async |memory| memory);
    held(suite.run().await)
}

/// contract T1, T2, T3, T4, T5, I1, I2, I3, F1, F2, F3
#[test]
fn memory_keeps_the_contract_in_virtual_time() {
    for seed in 0..10 {
        let report = virtual_time::run(seed, async |seams| whole(&seams).await);
        assert!(report.skipped.iter().all(|skipped| skipped.reason.contains("adapter's own")), "{report}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn memory_keeps_the_contract_on_tokio() {
    let report = whole(&Seams::tokio()).await;
    println!("{report}");
    let without: [(&[u8], _); 5] = [
        (&[14, 38], "no rights"),
        (&[15], "no quota"),
        (&[16, 17, 20, 23], "no message to lose"),
        (&[18, 19, 22, 24, 35, 36], "no members"),
        (&[37], "no tombstones"),
    ];
    let package = env!("CARGO_MANIFEST_DIR");
    Column { heading: "memory", package, report: &report, without: &without }.compare();
}

/// contract F1, F3
#[test]
fn memory_with_next_to_no_history_resets_and_loses_nothing() {
    virtual_time::run(1, async |seams| {
        let suite = Suite::new(async || Memory::with_seams(&seams).with_history(5, 0))
            .with_seams(&seams)
            .with_compaction(async |memory, index| memory.compact(index))
            .with_overflow_after(6);
        held(suite.run().await)
    });
}

#[test]
fn memory_behind_a_forgotten_type_keeps_the_contract() {
    virtual_time::run(1, async |seams| {
        held(Suite::new(async || AnyBackend::new(Memory::with_seams(&seams))).with_seams(&seams).run().await)
    });
}

/// The suite is sendable work only as far as the backend's hooks are; but a backend's own futures are.
#[test]
fn the_futures_of_a_backend_may_move_between_threads() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let memory = Memory::new();
    drop(assert_send(memory.commit(trimtab_backend::Transaction::default())));
    drop(assert_send(memory.follow(trimtab_backend::Scope::All, None)));
}
