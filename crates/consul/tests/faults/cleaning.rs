//! Lanes of processes that are gone.

use std::time::Duration;

use trimtab_backend::{Backend, CommitError, Expect, ResetReason};
use trimtab_consul::Consul;
use trimtab_seams::Seams;
use trimtab_test_servers::consul::Cluster;
use trimtab_test_servers::{Proxy, Way};

use super::support::{Watched, builder, committed, connect, found, put, unknown};

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
    let away = connect(builder(cluster.endpoints()).prefix("lanes")).await;
    for n in 0..5 {
        committed(&away, put("a", &n.to_string(), Expect::Anything)).await;
    }
    let here = builder(cluster.endpoints()).prefix("lanes").resync(Duration::from_millis(100));
    let here = connect(here.lane_idle(Duration::from_millis(400))).await;
    let mut watched = Watched::of(&here).await;
    let old = lanes(&cluster, "lanes");
    assert_eq!((old.len(), records(&cluster, "lanes")), (1, 5));
    let last = write_until_removed(&here, &cluster, "lanes", &old[0]).await;
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

/// contract U1, U2, U4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_whose_lane_was_removed_meanwhile_is_never_told_wrongly() {
    let Some(cluster) = Cluster::single() else { return };
    let proxy = Proxy::to(cluster.port(0));
    let away = connect(builder([proxy.endpoint()]).prefix("open")).await;
    committed(&away, put("before", "1", Expect::Absent)).await;
    let lane = lanes(&cluster, "open").pop().expect("its lane");
    proxy.answers(Way::Lossy);
    let landed = unknown(&away, put("landed", "1", Expect::Absent)).await;
    proxy.mend();

    let here = builder(cluster.endpoints()).prefix("open").resync(Duration::from_millis(100));
    let here = connect(here.lane_idle(Duration::from_millis(400))).await;
    let _watched = Watched::of(&here).await;
    write_until_removed(&here, &cluster, "open", &lane).await;
    for _ in 0..2 {
        let told = away.resolve(landed.clone()).await;
        let why =
            matches!(&told, Err(CommitError::Invalid(invalid)) if invalid.what.contains("read the entries"));
        assert!(why, "{told:?}");
    }
    assert_eq!(found(&here, "landed").await.expect("it had landed").value, "1");
    committed(&away, put("after", "1", Expect::Absent)).await;
}

/// A comparison is whole only when something was written. Its own lane a process leaves alone.
async fn write_until_removed(
    store: &Consul,
    cluster: &Cluster,
    prefix: &str,
    lane: &str,
) -> trimtab_backend::Position {
    for _ in 0..200 {
        let last = committed(store, put("b", "1", Expect::Anything)).await;
        if !lanes(cluster, prefix).iter().any(|found| found == lane) {
            return last;
        }
        Seams::tokio().sleep(Duration::from_millis(50)).await;
    }
    panic!("the lane {lane} was not removed");
}
