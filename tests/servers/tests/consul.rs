//! The Consul servers that other tests stand on.

use std::time::Duration;

use trimtab_test_servers::consul::Cluster;

#[test]
fn a_cluster_keeps_what_was_written_over_kills_and_freezes() {
    let Some(mut cluster) = Cluster::three() else { return };
    cluster.put("key", "1");

    let killed = cluster.leader();
    cluster.kill(killed);
    let asked = (killed + 1) % 3;
    assert_ne!(cluster.leader(), killed);
    assert_eq!(cluster.call(asked, "GET", "/v1/kv/key?raw&consistent", ""), "1");
    cluster.restart(killed);

    let frozen = cluster.leader();
    cluster.freeze(frozen);
    let other = (frozen + 1) % 3;
    assert_eq!(cluster.call(other, "GET", "/v1/kv/key?raw&consistent", ""), "1");
    cluster.thaw(frozen);
    assert!(cluster.is_ready_within(Duration::from_secs(30)));
}
