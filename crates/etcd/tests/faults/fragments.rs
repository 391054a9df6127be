//! Commits that the server tells in pieces.

use trimtab_backend::{Backend, Expect, FeedItem, Limits, Operation, Part, RecordChange, Transaction};
use trimtab_etcd::Etcd;
use trimtab_test_servers::etcd::Cluster;

use crate::stores::{committed, key, scope, synced};

const KEYS: usize = 100;
/// A commit is as large as a default server takes; two of them are more than it puts into one message.
const BYTES: usize = 14_000;
const COMMITS: usize = 6;

/// contract 27, contract F4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_of_a_hundred_keys_that_come_in_pieces_are_told_whole() {
    let Some(cluster) = Cluster::single() else { return };
    let mut limits = Limits::PORTABLE;
    (limits.operations, limits.transaction_bytes) = (KEYS, 1_500_000);
    let store =
        Etcd::builder(cluster.endpoints()).limits(limits).connect().await.expect("a server that runs");
    let (feed, from) = synced(&store).await;
    drop(feed);
    let put = |n: usize, round: usize| {
        let value = format!("{round}{}", "x".repeat(BYTES)).into();
        Operation::Put { key: key(&n.to_string()), part: Part::Spec, value, expect: Expect::Anything }
    };
    let mut commits = Vec::new();
    for round in 0..COMMITS {
        commits.push(committed(&store, Transaction::of((0..KEYS).map(|n| put(n, round)))).await);
    }

    let mut feed = store.follow(scope(), Some(from)).await.expect("a feed");
    let mut after = from.index;
    for at in commits {
        let item = feed.next().await.expect("an item");
        let FeedItem::Batch { after: began, upto, changes } = item else { panic!("no batch: {item:?}") };
        assert_eq!((began, upto, changes.len()), (after, at, KEYS));
        let of_it =
            |change: &RecordChange| matches!(change, RecordChange::Put(put) if put.version == at.index);
        assert!(changes.iter().all(of_it), "nothing of another commit");
        after = at.index;
    }
}
