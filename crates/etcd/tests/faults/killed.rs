//! Members that are killed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use trimtab_backend::{Backend, FeedItem, FollowError, Index, Position, RecordChange};
use trimtab_etcd::Etcd;
use trimtab_test_servers::etcd::Cluster;

use crate::stores::{blind, committed, key, opened_within, pause, scope, synced, within};
use crate::writers::{Writers, after_commits};

/// contract 22, contract U2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_leader_under_24_writers_loses_nothing_and_settles_everything() {
    let Some(mut cluster) = Cluster::three() else { return };
    let store = opened_within(cluster.endpoints(), Duration::from_secs(2)).await;
    let writers = Writers::start(std::slice::from_ref(&store), 24);
    for _ in 0..3 {
        after_commits(&writers.tally, 100).await;
        let leader = cluster.leader();
        cluster.kill(leader);
        after_commits(&writers.tally, 100).await;
        cluster.restart(leader);
    }
    let tally = Arc::clone(&writers.tally);
    let acknowledged = writers.stop(&store).await;
    println!("{tally:?}");
    let distinct: BTreeSet<_> = acknowledged.iter().collect();
    assert_eq!(distinct.len(), acknowledged.len(), "each commit has an index of its own");
}

/// contract 35, contract F3, contract E24
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_loses_nothing_while_each_server_is_killed_in_turn() {
    let Some(mut cluster) = Cluster::three() else { return };
    let store = opened_within(cluster.endpoints(), Duration::from_secs(2)).await;
    let (feed, from) = synced(&store).await;
    drop(feed);
    let mut following = JoinSet::new();
    following.spawn(follow_to_the_end(store.clone(), from));
    let writers = Writers::start(std::slice::from_ref(&store), 4);
    for member in 0..3 {
        after_commits(&writers.tally, 50).await;
        cluster.kill(member);
        after_commits(&writers.tally, 50).await;
        cluster.restart(member);
    }
    let mut acknowledged: BTreeSet<Index> = writers.stop(&store).await.into_iter().collect();
    acknowledged.insert(committed(&store, blind(END, "1")).await.index);
    let seen = within(Duration::from_secs(30), following.join_all()).await.concat();
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "no repeat, no step back");
    let seen: BTreeSet<Index> = seen.into_iter().collect();
    assert_eq!(seen, acknowledged, "every commit that was acknowledged or settled, and no other");
}

/// The entry that is written last.
const END: &str = "end";

/// Follows from a position, again and again from where it was; gives the index of every commit.
async fn follow_to_the_end(store: Etcd, mut at: Position) -> Vec<Index> {
    let mut seen = Vec::new();
    loop {
        let mut feed = match store.follow(scope(), Some(at)).await {
            Ok(feed) => feed,
            Err(FollowError::Unavailable { .. }) => {
                pause(Duration::from_millis(20)).await;
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        loop {
            let (after, upto, changes) = match feed.next().await {
                Ok(FeedItem::Batch { after, upto, changes }) => (after, upto, changes),
                Ok(other) => panic!("nothing was compacted or put back: {other:?}"),
                Err(FollowError::Unavailable { .. }) => break,
                Err(error) => panic!("{error}"),
            };
            assert_eq!(after, at.index, "batches join");
            at = upto;
            for change in changes.iter() {
                let RecordChange::Put(record) = change else { panic!("nothing was deleted: {change:?}") };
                assert_eq!(record.version, upto.index);
            }
            if let Some(change) = changes.first() {
                seen.push(upto.index);
                if *change.key() == key(END) {
                    return seen;
                }
            }
        }
    }
}
