//! What others do past Trimtab: their writes, and test 37, an index that falls.

use std::time::Duration;

use trimtab_backend::{Backend, Expect, ResetReason};
use trimtab_seams::Seams;
use trimtab_test_servers::consul::Cluster;

use super::support::{Watched, builder, committed, connect, found, put};
use super::tap::Tap;

/// Where a spec of these tests lies.
fn path(prefix: &str, name: &str) -> String {
    format!("{prefix}/v1/e/{}/default/default/{name}/s", super::support::KIND)
}

/// contract F5, F6
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_write_is_told_at_the_next_comparison() {
    let Some(cluster) = Cluster::single() else { return };
    let often = builder(cluster.endpoints()).prefix("others").resync(Duration::from_millis(100));
    let store = connect(often).await;
    committed(&store, put("a", "1", Expect::Absent)).await;
    committed(&store, put("b", "1", Expect::Absent)).await;
    let mut watched = Watched::of(&store).await;

    cluster.put(&path("others", "a"), "theirs");
    watched.until(|watched| watched.values()["a"] == "theirs").await;
    cluster.put(&path("others", "c"), "theirs");
    watched.until(|watched| watched.values().contains_key("c")).await;
    // Ours goes on from theirs.
    let theirs = found(&store, "a").await.expect("the record");
    let ours = committed(&store, put("a", "ours", Expect::At(theirs.version))).await;
    watched.reach(ours.index).await;
    assert_eq!(watched.values()["a"], "ours");

    cluster.delete(&path("others", "b"));
    watched.until(|watched| !watched.values().contains_key("b")).await;
    // A key that is no entry disturbs nobody.
    cluster.put("others/v1/e/fault/default/default/%2541/s", "odd");
    cluster.put(&path("others", "d"), "theirs");
    watched.until(|watched| watched.values().contains_key("d")).await;
    assert_eq!(watched.resets, [ResetReason::First]);
    assert_eq!(watched.values().len(), 3);

    // Deleted past us and made anew by us: the old life is told to have ended.
    cluster.delete(&path("others", "d"));
    let anew = committed(&store, put("d", "ours", Expect::Absent)).await;
    watched.until(|watched| watched.values().get("d").is_some_and(|value| value == "ours")).await;
    assert!(watched.at.is_some_and(|at| at.index >= anew.index));
}

/// contract F7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_that_was_removed_with_its_sentinel_begins_anew() {
    let Some(cluster) = Cluster::single() else { return };
    let often = builder(cluster.endpoints()).prefix("removed").resync(Duration::from_millis(100));
    let store = connect(often).await;
    committed(&store, put("a", "1", Expect::Absent)).await;
    let mut watched = Watched::of(&store).await;
    cluster.delete("removed/v1/e/fault/");
    watched.until(|watched| watched.resets.len() > 1).await;
    watched.sync().await;
    assert_eq!((watched.resets[1], watched.values().len()), (ResetReason::Suspect, 0));
    assert!(watched.commits.is_empty(), "no delete was told");
    let again = committed(&store, put("a", "2", Expect::Absent)).await;
    watched.reach(again.index).await;
    assert_eq!(watched.values()["a"], "2");
}

/// contract F7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_floor_that_was_removed_is_made_anew_and_followers_begin_anew() {
    let Some(cluster) = Cluster::single() else { return };
    let store = connect(builder(cluster.endpoints()).prefix("floor")).await;
    committed(&store, put("a", "1", Expect::Absent)).await;
    let mut watched = Watched::of(&store).await;
    cluster.delete("floor/v1/w/floor");
    watched.until(|watched| watched.resets.len() > 1).await;
    watched.sync().await;
    let last = committed(&store, put("a", "2", Expect::Anything)).await;
    watched.reach(last.index).await;
    assert_eq!((watched.resets.len(), watched.values()["a"].as_str()), (2, "2"));
    assert!(store.read(&[]).await.expect("a read").0.index >= last.index);
}

/// contract 37
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_falls_makes_no_reset_and_no_change() {
    let Some(cluster) = Cluster::single() else { return };
    let tap = Tap::on(cluster.port(0));
    let store = connect(builder([tap.endpoint()]).prefix("falls").wait(Duration::from_millis(200))).await;
    committed(&store, put("a", "1", Expect::Absent)).await;
    let mut watched = Watched::of(&store).await;

    tap.falling(true);
    Seams::tokio().sleep(Duration::from_millis(600)).await;
    let last = committed(&store, put("a", "2", Expect::Anything)).await;
    watched.reach(last.index).await;
    tap.falling(false);
    Seams::tokio().sleep(Duration::from_millis(600)).await;
    let last = committed(&store, put("a", "3", Expect::Anything)).await;
    watched.reach(last.index).await;
    assert_eq!(watched.resets, [ResetReason::First]);
    assert_eq!(watched.commits.len(), 2);
}

/// contract F5
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_carry_nothing_are_told_from_the_entries() {
    let Some(cluster) = Cluster::single() else { return };
    let store = connect(builder(cluster.endpoints()).prefix("bare").carried(0)).await;
    let mut watched = Watched::of(&store).await;
    let mut last = committed(&store, put("a", "0", Expect::Absent)).await;
    for n in 1..30 {
        watched.reach(last.index).await;
        last = committed(&store, put("a", &n.to_string(), Expect::At(last.index))).await;
    }
    watched.reach(last.index).await;
    assert_eq!((watched.resets.len(), watched.commits.len()), (1, 30), "read before they were overwritten");

    // Overwritten before they were read, they cannot be told: the view begins anew, and is right.
    let mut slow = Watched::of(&store).await;
    let (store, seams) = (store.clone(), Seams::tokio());
    let begun = store.commit(put("a", "many", Expect::Anything)).await;
    begun.expect("a commit");
    for n in 0..50 {
        last = committed(&store, put(&format!("b {}", n % 3), &n.to_string(), Expect::Anything)).await;
    }
    seams.sleep(Duration::from_millis(50)).await;
    slow.reach(last.index).await;
    assert!(slow.resets[1..].iter().all(|why| *why == ResetReason::Overflow), "{:?}", slow.resets);
    assert_eq!(slow.values()["b 1"], "49");
}
