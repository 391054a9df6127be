//! What others write and remove below the prefix.

use serde_json::json;
use trimtab_backend::{
    Backend, Expect, FeedItem, Operation, Part, RecordChange, ResetReason, Transaction, Verdict,
};
use trimtab_test_servers::Way;
use trimtab_test_servers::etcd::Cluster;

use crate::stores::{Proxied, blind, committed, found, key, open, settled, synced, told, unknown};

fn put(cluster: &Cluster, path: &str) {
    let pair = json!({ "key": Cluster::encoded(path), "value": Cluster::encoded("foreign") });
    cluster.call(0, "kv/put", &pair);
}

/// Removes a key, or all below a path that ends with `/`.
fn remove(cluster: &Cluster, path: &str) {
    let mut range = json!({ "key": Cluster::encoded(path) });
    if let Some(folder) = path.strip_suffix('/') {
        range["range_end"] = Cluster::encoded(format!("{folder}0")).into();
    }
    cluster.call(0, "kv/deleterange", &range);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_are_no_entries_are_passed_over() {
    let Some(cluster) = Cluster::single() else { return };
    let store = open(cluster.endpoints()).await;
    let junk = ["!", "default/default/a/x", "default/default/%2/s", "Default/default/a/s"];
    let paths = junk.map(|rest| format!("trimtab/v1/e/fault/{rest}"));
    for path in &paths {
        put(&cluster, path);
    }
    committed(&store, blind("a", "1")).await;
    let (mut feed, _) = synced(&store).await;
    for path in &paths {
        put(&cluster, path);
        remove(&cluster, path);
    }
    committed(&store, blind("b", "1")).await;
    let told = told(&mut feed).await.expect("the next change");
    assert!(matches!(&told[..], [RecordChange::Put(record)] if record.key == key("b")), "{told:?}");
    assert_eq!(store.read(&[key("a"), key("b")]).await.expect("an answer").1.len(), 2);
}

/// contract F2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_was_removed_by_hand_is_told_and_half_of_one_begins_anew() {
    let Some(cluster) = Cluster::single() else { return };
    let store = open(cluster.endpoints()).await;
    let half =
        |name: &str, part| Operation::Put { key: key(name), part, value: "1".into(), expect: Expect::Absent };
    let both = ["a", "b"].map(|name| [half(name, Part::Spec), half(name, Part::Status)]).concat();
    let born = committed(&store, Transaction::of(both)).await.index;
    let (mut feed, _) = synced(&store).await;

    remove(&cluster, "trimtab/v1/e/fault/default/default/a/");
    let change = RecordChange::Delete { key: key("a"), created: born };
    assert_eq!(told(&mut feed).await, Ok(vec![change]));

    remove(&cluster, "trimtab/v1/e/fault/default/default/b/t");
    assert_eq!(told(&mut feed).await, Err(format!("{:?}", FeedItem::Reset { why: ResetReason::Suspect })));
    let FeedItem::Chunk(records) = feed.next().await.expect("a snapshot") else { panic!("no records") };
    assert!(matches!(&records[..], [only] if only.key == key("b") && only.part == Part::Spec), "{records:?}");
}

/// contract U1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_that_somebody_cleared_away_cost_no_commit() {
    let Some(cluster) = Cluster::single() else { return };
    let store = open(cluster.endpoints()).await;
    for n in 0..3 {
        committed(&store, blind("a", &n.to_string())).await;
        remove(&cluster, "trimtab/v1/w/");
    }
    committed(&store, blind("a", "last")).await;
    assert_eq!(found(&store, "a").await.expect("written").value, "last");
}

/// contract U1, contract U2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_lane_was_cleared_away_before_it_arrived_never_lands() {
    let Some(proxied) = Proxied::new().await else { return };
    let Proxied { proxy, store, direct, cluster } = &proxied;
    proxy.requests(Way::Lossy);
    let pending = unknown(store, blind("a", "1")).await;
    remove(cluster, "trimtab/v1/w/");
    proxy.mend();
    assert_eq!(settled(store, &pending).await, Verdict::Never);
    assert_eq!(found(direct, "a").await, None);
}
