//! What following costs.

use std::time::Duration;

use trimtab_backend::{Expect, Operation, Part, Transaction};
use trimtab_seams::Seams;
use trimtab_test_servers::consul::Cluster;

use super::support::{Watched, builder, committed, connect, key, put};
use super::tap::Tap;

/// contract F5
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_change_among_five_thousand_entries_costs_kilobytes() {
    const ENTRIES: usize = 5000;
    const CHANGES: usize = 40;
    let Some(cluster) = Cluster::single() else { return };
    let tap = Tap::on(cluster.port(0));
    let writer =
        connect(builder(cluster.endpoints()).prefix("figures").request_timeout(Duration::from_secs(10)))
            .await;
    let value = "a".repeat(1024);
    let names: Vec<_> = (0..ENTRIES).map(|n| format!("{n:04}")).collect();
    for names in names.chunks(50) {
        let put = |name: &String| Operation::Put {
            key: key(name),
            part: Part::Spec,
            value: value.clone().into(),
            expect: Expect::Absent,
        };
        committed(&writer, Transaction::of(names.iter().map(put))).await;
    }
    let reader =
        connect(builder([tap.endpoint()]).prefix("figures").request_timeout(Duration::from_secs(10))).await;
    let mut watched = Watched::of(&reader).await;
    assert_eq!(watched.view.len(), ENTRIES);
    let snapshot = tap.received();
    // A wait may have ended in between.
    let (seams, mut took) = (Seams::tokio(), Vec::new());
    for n in 0..CHANGES {
        let value = format!("{n:01024}");
        let began = seams.now();
        let at = committed(&writer, put(&names[n * 100], &value, Expect::Anything)).await;
        watched.reach(at.index).await;
        took.push(seams.now() - began);
    }
    let bytes = tap.received() / CHANGES as u64;
    took.sort();
    println!(
        "snapshot {snapshot} bytes; a change {bytes} bytes, p50 {:?} from commit to told",
        took[CHANGES / 2]
    );
    assert_eq!((watched.commits.len(), watched.resets.len()), (CHANGES, 1));
    assert!(bytes <= 30_000, "{bytes} bytes a change");
}
