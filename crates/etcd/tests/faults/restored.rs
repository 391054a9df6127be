//! The data of a server replaced under a store that is open.

use serde_json::json;
use trimtab_backend::{Backend, CommitError, Expect, FeedItem, FollowError, ResetReason, Why};
use trimtab_etcd::Etcd;
use trimtab_test_servers::etcd::Cluster;

use crate::stores::{blind, committed, found, open, put, scope, synced};

/// contract 33, contract F3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_from_beyond_an_older_copy_begins_anew() {
    let Some(mut cluster) = Cluster::single() else { return };
    let store = open(cluster.endpoints()).await;
    committed(&store, put("old", "1", Expect::Absent)).await;
    cluster.kill(0);
    let copy = cluster.copy(0);
    cluster.restart(0);
    for n in 0..20 {
        committed(&store, blind(&format!("lost{n}"), "1")).await;
    }
    let (feed, kept) = synced(&store).await;
    drop(feed);
    cluster.kill(0);
    cluster.put_back(0, &copy);
    cluster.restart(0);

    let mut feed = follow_soon(&store, kept).await;
    let first = feed.next().await.expect("an item");
    assert_eq!(first, FeedItem::Reset { why: ResetReason::IndexWentBack });
    let FeedItem::Chunk(records) = feed.next().await.expect("a snapshot") else { panic!("no records") };
    assert_eq!(records.iter().map(|record| record.key.name()).collect::<Vec<_>>(), ["old"]);
    // The lanes are older than they are known to be: the first commit finds that out and goes on with another.
    committed(&store, put("new", "1", Expect::Absent)).await;
    assert!(found(&store, "lost0").await.is_none());
}

/// contract 33, contract F3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_that_has_passed_a_kept_position_is_told_by_the_new_name_that_it_was_given() {
    let Some(mut cluster) = Cluster::single() else { return };
    let store = open(cluster.endpoints()).await;
    committed(&store, put("old", "1", Expect::Absent)).await;
    cluster.kill(0);
    let copy = cluster.copy(0);
    cluster.restart(0);
    committed(&store, put("lost", "1", Expect::Absent)).await;
    let (feed, kept) = synced(&store).await;
    drop(feed);
    cluster.kill(0);
    cluster.put_back(0, &copy);
    cluster.restart(0);
    // By its revision alone nobody can tell any more: the operator says so.
    let another = open(cluster.endpoints()).await;
    while committed(&another, blind("new", "1")).await.index <= kept.index {}
    let name = json!({ "store": "6ba7b8109dad41d180b400c04fd430c8", "format": 1 }).to_string();
    let pair = json!({ "key": Cluster::encoded("trimtab/v1/meta/store"), "value": Cluster::encoded(name) });
    cluster.call(0, "kv/put", &pair);

    let mut feed = follow_soon(&store, kept).await;
    assert_eq!(feed.next().await.expect("an item"), FeedItem::Reset { why: ResetReason::OtherStore });
    let FeedItem::Chunk(records) = feed.next().await.expect("a snapshot") else { panic!("no records") };
    assert_eq!(records.iter().map(|record| record.key.name()).collect::<Vec<_>>(), ["new", "old"]);
}

/// contract 34, contract F3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_store_at_the_address_is_told_and_not_written_to() {
    let Some(mut cluster) = Cluster::single() else { return };
    let store = open(cluster.endpoints()).await;
    cluster.kill(0);
    let empty = cluster.copy(0);
    std::fs::remove_dir_all(empty.path().join("member")).expect("the data of a member");
    cluster.restart(0);
    let kept = committed(&store, blind("here", "1")).await;

    cluster.kill(0);
    cluster.put_back(0, &empty);
    cluster.restart(0);
    // Nothing is there: writing into it would begin a store that nobody asked for.
    let gone = loop {
        match store.commit(blind("there", "1")).await {
            Err(CommitError::Unavailable { .. } | CommitError::Unknown(_)) => {}
            other => break other,
        }
    };
    assert!(matches!(&gone, Err(CommitError::Broken { what }) if what.contains("open it anew")), "{gone:?}");
    let refused = store.follow(scope(), Some(kept)).await;
    assert!(matches!(refused, Err(FollowError::Broken { .. })), "{refused:?}");

    // Somebody begins another.
    let another = Etcd::connect(cluster.endpoints()).await.expect("an empty server");
    committed(&another, blind("theirs", "1")).await;
    let mut feed = store.follow(scope(), Some(kept)).await.expect("a feed");
    assert_eq!(feed.next().await.expect("an item"), FeedItem::Reset { why: ResetReason::OtherStore });
    let at = committed(&store, blind("ours", "1")).await;
    assert_ne!(at.store, kept.store);
}

/// contract 34
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_into_another_store_is_refused_before_its_feed_is_told() {
    let Some(mut cluster) = Cluster::single() else { return };
    let store = open(cluster.endpoints()).await;
    committed(&store, blind("here", "1")).await;
    cluster.kill(0);
    let copy = cluster.copy(0);
    std::fs::remove_dir_all(copy.path().join("member")).expect("the data of a member");
    cluster.put_back(0, &copy);
    cluster.restart(0);
    let another = open(cluster.endpoints()).await;
    committed(&another, blind("x", "1")).await;
    committed(&another, blind("x", "1")).await;
    let refused = loop {
        match store.commit(blind("here", "2")).await {
            Err(CommitError::Unavailable { why: Why::Unreachable, .. } | CommitError::Unknown(_)) => {}
            other => break other,
        }
    };
    assert!(matches!(refused, Err(CommitError::Unavailable { why: Why::Busy, .. })), "{refused:?}");
    assert_eq!(found(&another, "here").await, None);
}

/// A connection to a server that was killed may still be in use.
async fn follow_soon(store: &Etcd, from: trimtab_backend::Position) -> trimtab_backend::Feed {
    loop {
        match store.follow(scope(), Some(from)).await {
            Ok(feed) => return feed,
            Err(FollowError::Unavailable { .. }) => {}
            Err(error) => panic!("no feed: {error}"),
        }
    }
}
