//! Two replicas on one store: one acts, the other stands by and takes over.

use rustix::process::Signal;
use trimtab_test_servers::{consul, etcd};

use super::replica::Replica;

async fn one_acts_and_the_other_takes_over(url: &str) {
    let store = format!("[store]\nurl = \"{url}\"");
    let (a, b) = (Replica::new("a", &store, ""), Replica::new("b", &store, ""));
    let (first, at_first) = a.start().await;
    assert!(first.printed().contains(&format!("store {url}  index ")), "{}", first.printed());
    a.apply(&at_first, "one").await;
    assert_eq!(a.by(&first, &at_first, "one").await, "a");

    let (second, at_second) = b.start().await;
    second.says("sites  standby").await;
    b.apply(&at_second, "two").await;
    assert_eq!(b.by(&second, &at_second, "two").await, "a", "told through the other, run by who leads");

    first.signal(Signal::TERM);
    first.ended().await.with_code(0);
    b.apply(&at_second, "three").await;
    assert_eq!(b.by(&second, &at_second, "three").await, "b");

    let (first, at_first) = a.start().await;
    first.says("sites  standby").await;
    second.signal(Signal::KILL);
    assert_eq!(second.ended().await.code, None);
    a.apply(&at_first, "four").await;
    assert_eq!(a.by(&first, &at_first, "four").await, "a");
}

#[tokio::test]
async fn on_etcd_one_replica_acts_and_the_other_takes_over_when_it_stops_and_when_it_is_killed() {
    let Some(cluster) = etcd::Cluster::single() else { return };
    one_acts_and_the_other_takes_over(&format!("etcd://127.0.0.1:{}/shop/trimtab", cluster.port(0))).await;
}

#[tokio::test]
async fn on_consul_one_replica_acts_and_the_other_takes_over_when_it_stops_and_when_it_is_killed() {
    let Some(cluster) = consul::Cluster::single() else { return };
    one_acts_and_the_other_takes_over(&format!("consul://127.0.0.1:{}/shop/trimtab", cluster.port(0))).await;
}

#[tokio::test]
async fn sharded_entries_run_in_one_replica_each_and_all_in_the_one_that_is_left() {
    let Some(cluster) = etcd::Cluster::single() else { return };
    let store = format!("[store]\nurl = \"etcd://127.0.0.1:{}\"", cluster.port(0));
    let sharded = "placement = \"sharded\"\n";
    let (a, b) = (Replica::new("a", &store, sharded), Replica::new("b", &store, sharded));
    let (first, _) = a.start().await;
    let (second, at_second) = b.start().await;
    // Both are members before there is anything to share out.
    second.says("sites  ready").await;
    let names: Vec<_> = (0..12).map(|number| format!("site-{number}")).collect();
    let documents: Vec<_> =
        names.iter().map(|name| format!("kind: site\nname: {name}\nspec: {{}}\n")).collect();
    b.folder.write("all.yaml", &documents.join("---\n"));
    b.ask(&at_second, &["apply", "-f", "all.yaml"]).await;
    let mut by = Vec::new();
    for name in &names {
        by.push(b.by(&second, &at_second, name).await);
    }
    assert!(by.iter().any(|by| by == "a") && by.iter().any(|by| by == "b"), "{by:?}");

    first.signal(Signal::KILL);
    first.ended().await;
    for number in 0..6 {
        let name = format!("later-{number}");
        b.apply(&at_second, &name).await;
        assert_eq!(b.by(&second, &at_second, &name).await, "b");
    }
}
