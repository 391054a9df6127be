//! Lanes of processes that are gone.

use std::time::Duration;

use trimtab_backend::{Expect, ResetReason};
use trimtab_seams::Seams;
use trimtab_test_servers::consul::Cluster;

use super::support::{Watched, builder, committed, connect, put};

/// The names of all lanes.
fn lanes(cluster: &Cluster, prefix: &str) -> Vec<String> {
    let text = cluster.call(0, "GET", &format!("/v1/kv/{prefix}/v1/w/?keys"), "");
    let keys: Vec<String> = serde_json::from_str(&text).expect("a list of keys");
    keys.into_iter().filter(|key| !key.ends_with("floor")).collect()
}

/// How many records all lanes have.
fn records(cluster: &Cluster, prefix: &str) -> usize {
    let text = cluster.call(0, "GET", &format!("/v1/kv/{prefix}/v1/r/?keys"), "");
    serde_json::from_str::<Vec<String>>(&text).expect("a list of keys").len()
}

/// contract F5
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_that_stood_still_are_removed_and_cost_their_owner_another_lane_at_most() {
    let Some(cluster) = Cluster::single() else { return };
    let seams = Seams::tokio();
    let away = connect(builder(cluster.endpoints()).prefix("lanes")).await;
    for n in 0..5 {
        committed(&away, put("a", &n.to_string(), Expect::Anything)).await;
    }
    let here = builder(cluster.endpoints()).prefix("lanes").resync(Duration::from_millis(100));
    let here = connect(here.lane_idle(Duration::from_millis(400))).await;
    let mut watched = Watched::of(&here).await;
    let old = lanes(&cluster, "lanes");
    assert_eq!((old.len(), records(&cluster, "lanes")), (1, 5));
    // A comparison is whole only when something was written. Its own lane it leaves alone.
    let mut last = committed(&here, put("b", "0", Expect::Absent)).await;
    for _ in 0..200 {
        if !lanes(&cluster, "lanes").contains(&old[0]) {
            break;
        }
        seams.sleep(Duration::from_millis(50)).await;
        last = committed(&here, put("b", "1", Expect::Anything)).await;
    }
    assert_eq!(lanes(&cluster, "lanes").len(), 1, "its own");
    watched.reach(last.index).await;
    let mut late = Watched::of(&here).await;
    assert_eq!(late.values(), watched.values());
    // The owner is not dead: it goes on in another lane, and all are told.
    let own = committed(&away, put("a", "again", Expect::Anything)).await;
    watched.reach(own.index).await;
    late.reach(own.index).await;
    assert_eq!(watched.values()["a"], "again");
    assert_eq!(watched.resets, [ResetReason::First], "everything had been seen");
}
