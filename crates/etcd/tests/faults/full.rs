//! A store without space.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use trimtab_backend::{Backend, CommitError, Expect, RecordChange, Verdict, Why};
use trimtab_etcd::{ConnectError, Etcd};
use trimtab_test_servers::etcd::{Cluster, Settings};
use trimtab_test_servers::{Proxy, Way};

use crate::stores::{
    committed, delete, found, key, open, opened_within, put, settled, synced, told, unknown,
};

/// contract 15, contract X3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_store_refuses_puts_lets_deletes_pass_and_recovers() {
    let arguments = vec!["--quota-backend-bytes=4194304".to_owned()];
    let Some(cluster) = Cluster::with(1, &Settings { arguments, tls: false }) else { return };
    let store = open(cluster.endpoints()).await;
    let proxy = Proxy::to(cluster.port(0));
    let proxied = opened_within([proxy.endpoint()], Duration::from_millis(500)).await;
    committed(&proxied, put("spare", "1", Expect::Absent)).await;

    let (written, refused) = fill(&store).await;
    for (name, there) in
        written.iter().map(|name| (name, true)).chain(refused.iter().map(|name| (name, false)))
    {
        assert_eq!(found(&store, name).await.is_some(), there, "{name}");
    }
    let other = Etcd::builder(cluster.endpoints()).prefix("other").connect().await;
    assert!(matches!(other, Err(ConnectError::Full)), "{other:?}");

    let (mut feed, _) = synced(&store).await;
    committed(&store, delete(&written[0])).await;
    let told = told(&mut feed).await.expect("a delete");
    assert!(
        matches!(&told[..], [RecordChange::Delete { key: gone, .. }] if *gone == key(&written[0])),
        "{told:?}"
    );

    // A delete whose answer is lost is settled without space, too.
    for way in [Way::Lossy, Way::Open] {
        proxy.requests(way);
        proxy.answers(Way::Lossy);
        let pending = unknown(&proxied, delete(&written[1])).await;
        proxy.mend();
        let verdict = settled(&proxied, &pending).await;
        let there = found(&store, &written[1]).await.is_some();
        assert_eq!(there, verdict == Verdict::Never, "{verdict:?}");
        if there {
            // The verdict cost the lane, and there is no space for another: refused, and certainly not applied.
            let refused = proxied.commit(delete(&written[1])).await;
            let full = matches!(refused, Err(CommitError::Unavailable { why: Why::Full, .. }));
            assert!(full, "{refused:?}");
            break;
        }
    }

    for name in &written {
        committed(&store, delete(name)).await;
    }
    let head = store.read(&[]).await.expect("it answers").0;
    cluster.compact(head.index.get());
    cluster.call(0, "maintenance/defragment", &json!({}));
    let member = cluster.call(0, "maintenance/status", &json!({}))["header"]["member_id"].clone();
    let disarm = json!({ "action": "DEACTIVATE", "alarm": "NOSPACE", "memberID": member });
    cluster.call(0, "maintenance/alarm", &disarm);
    committed(&store, put("after", "1", Expect::Absent)).await;
}

/// Puts, several at once so that some cross the quota together: the server applies such a one and answers that there was no space.
async fn fill(store: &Etcd) -> (Vec<String>, Vec<String>) {
    let (mut written, mut refused) = (Vec::new(), Vec::new());
    for round in 0..40 {
        let mut puts = JoinSet::new();
        for n in 0..8 {
            let (store, name) = (store.clone(), format!("{round}-{n}"));
            puts.spawn(async move {
                let outcome = store.commit(put(&name, &"x".repeat(60_000), Expect::Absent)).await;
                (name, outcome)
            });
        }
        for (name, outcome) in puts.join_all().await {
            match outcome {
                Ok(_) => written.push(name),
                Err(CommitError::Unavailable { why: Why::Full, .. }) => refused.push(name),
                other => panic!("{name}: {other:?}"),
            }
        }
        if !refused.is_empty() {
            return (written, refused);
        }
    }
    panic!("the quota was not reached by {} puts", written.len());
}
