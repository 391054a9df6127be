//! Tests 33 and 34: an older copy of the store, and another store at the address.

use std::time::Duration;

use trimtab_backend::{Backend, CommitError, Expect, ResetReason};
use trimtab_seams::Seams;
use trimtab_test_servers::consul::Cluster;

use super::support::{Watched, builder, committed, committed_in_time, connect, found, put};

/// contract 33
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_that_was_put_back_is_told_and_written_on() {
    let Some(mut cluster) = Cluster::single() else { return };
    let store = connect(builder(cluster.endpoints()).prefix("copy").patience(Duration::from_secs(60))).await;
    committed(&store, put("kept", "1", Expect::Absent)).await;
    cluster.kill(0);
    let copy = cluster.copy(0);
    cluster.restart(0);
    let mut watched = Watched::of(&store).await;
    for n in 0..5 {
        committed_in_time(&store, &put("kept", &n.to_string(), Expect::Anything)).await;
    }
    let last = committed(&store, put("lost", "1", Expect::Absent)).await;
    watched.reach(last.index).await;

    cluster.kill(0);
    cluster.put_back(0, &copy);
    cluster.restart(0);
    watched.until(|watched| watched.resets.len() > 1).await;
    watched.sync().await;
    assert_eq!(watched.resets[1..], [ResetReason::IndexWentBack]);
    assert_eq!(watched.values(), [("kept".into(), "1".into())].into());
    // The lane of this process went back too: the first commit finds that out and takes another.
    let at = committed_in_time(&store, &put("new", "1", Expect::Absent)).await;
    watched.until(|watched| watched.values().contains_key("new")).await;
    assert_eq!(watched.at.map(|at| at.index), Some(at.index));
    let mut resumed = Watched::from(&store, Some(last)).await;
    resumed.sync().await;
    assert_eq!(resumed.values(), watched.values());
}

/// contract 34
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_store_at_the_address_is_told_and_no_commit_is_taken_for_the_old_one() {
    let Some(cluster) = Cluster::single() else { return };
    let store = connect(builder(cluster.endpoints()).prefix("other")).await;
    let old = committed(&store, put("a", "1", Expect::Absent)).await;
    let mut watched = Watched::of(&store).await;

    cluster.delete("other/");
    watched.until(|watched| watched.resets.len() > 1).await;
    watched.sync().await;
    assert_eq!(watched.resets[1..], [ResetReason::OtherStore]);
    assert!(watched.view.is_empty() && watched.at.is_some_and(|at| at.store != old.store));
    let new = committed_in_time(&store, &put("a", "2", Expect::Absent)).await;
    assert_ne!(new.store, old.store);

    // An operator names the store anew, after putting a copy back: noticed with the next commit.
    cluster.put("other/v1/meta/store", r#"{"store":"6ba7b810-9dad-41d1-80b4-00c04fd430c8","format":1}"#);
    committed_in_time(&store, &put("a", "2", Expect::Anything)).await;
    watched.until(|watched| watched.resets.len() > 2).await;
    watched.sync().await;
    assert_eq!(watched.resets[2], ResetReason::OtherStore);
    assert_eq!(watched.values()["a"], "2");

    // Without a follower it is the next commit that finds it out.
    drop(watched);
    cluster.delete("other/");
    let outcome = store.commit(put("a", "3", Expect::Anything)).await;
    assert!(matches!(outcome, Err(CommitError::Unavailable { .. })), "{outcome:?}");
    Seams::tokio().sleep(Duration::from_millis(100)).await;
    assert_eq!(found(&store, "a").await, None);
    committed(&store, put("a", "4", Expect::Absent)).await;
    let mut resumed = Watched::from(&store, Some(old)).await;
    resumed.sync().await;
    assert_eq!(resumed.resets, [ResetReason::OtherStore]);
}
