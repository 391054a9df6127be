//! The history compacted under a follower that was away.

use trimtab_backend::{Backend, FeedItem, RecordChange, ResetReason};
use trimtab_test_servers::etcd::Cluster;

use crate::stores::{blind, committed, delete, open, scope};

/// Servers before 3.5.18 may leave out a delete at the very revision that the history is compacted to, from a watch that begins there. So no watch of ours begins
/// where something has yet to be told.
///
/// contract F3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_yet_to_be_told_of_the_revision_that_is_compacted_to_begins_anew() {
    let Some(cluster) = Cluster::single() else { return };
    let store = open(cluster.endpoints()).await;
    let made = committed(&store, blind("a", "1")).await;
    let gone = committed(&store, delete("a")).await;
    let again = committed(&store, blind("a", "2")).await;
    assert_eq!(gone.index.get(), made.index.get() + 1);
    cluster.compact(gone.index.get());

    let mut unaware = store.follow(scope(), Some(made)).await.expect("a feed");
    assert_eq!(unaware.next().await, Ok(FeedItem::Reset { why: ResetReason::Compacted }));

    let mut aware = store.follow(scope(), Some(gone)).await.expect("a feed");
    let told = aware.next().await.expect("an item");
    let FeedItem::Batch { after, upto, changes } = told else { panic!("nothing is missing: {told:?}") };
    assert_eq!((after, upto), (gone.index, again));
    assert!(matches!(&*changes, [RecordChange::Put(record)] if record.value == "2"));
}
