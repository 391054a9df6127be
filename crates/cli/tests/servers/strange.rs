//! Stores that are strange while the daemon runs: full, set back, with entries that nobody can read.

use serde_json::json;
use trimtab_test_servers::{consul, etcd};

use super::health::readyz;
use super::replica::Replica;

fn on_etcd(cluster: &etcd::Cluster) -> Replica {
    Replica::new("a", &format!("[store]\nurl = \"etcd://127.0.0.1:{}/shop\"", cluster.port(0)), "")
}

#[tokio::test]
async fn a_full_etcd_is_told_with_what_to_do_and_written_to_again_once_there_is_space() {
    let Some(cluster) = etcd::Cluster::single() else { return };
    let replica = on_etcd(&cluster);
    let (daemon, url) = replica.start().await;
    replica.apply(&url, "one").await;
    assert_eq!(replica.by(&daemon, &url, "one").await, "a");

    let member = cluster.call(0, "maintenance/status", &json!({}))["header"]["member_id"].clone();
    let alarm = |action: &str| {
        let request = json!({ "action": action, "alarm": "NOSPACE", "memberID": member });
        cluster.call(0, "maintenance/alarm", &request);
    };
    alarm("ACTIVATE");
    replica.folder.write("site.yaml", "kind: site\nname: two\nspec: {}\n");
    let refused = replica.folder.trimtab(&["apply", "--server", &url, "-f", "site.yaml"]).await;
    assert_ne!(refused.code, Some(0));
    refused.logged("it has no space left");
    let advice = "then disarm the alarm with `etcdctl alarm disarm`";
    readyz(&daemon, &url, 503, &["writes are refused: ", "NOSPACE", advice]).await;
    let status = replica.folder.trimtab(&["status", "--server", &url]).await.with_code(1);
    assert!(status.out.contains(advice), "{}", status.out);
    assert!(replica.ask(&url, &["get", "site"]).await.contains("one"), "reading goes on");

    alarm("DEACTIVATE");
    replica.apply(&url, "two").await;
    assert_eq!(replica.by(&daemon, &url, "two").await, "a");
    readyz(&daemon, &url, 200, &[]).await;
}

/// A store that was full before the daemon came.
#[tokio::test]
async fn a_full_etcd_at_the_start_is_waited_for() {
    let Some(cluster) = etcd::Cluster::single() else { return };
    let member = cluster.call(0, "maintenance/status", &json!({}))["header"]["member_id"].clone();
    let alarm = |action: &str| {
        let request = json!({ "action": action, "alarm": "NOSPACE", "memberID": member });
        cluster.call(0, "maintenance/alarm", &request);
    };
    alarm("ACTIVATE");
    let replica = on_etcd(&cluster);
    let daemon = replica.folder.start(&[]);
    daemon.logs("etcd has no space left: its NOSPACE alarm is raised: compact and defragment it").await;
    alarm("DEACTIVATE");
    let url = daemon.url().await;
    replica.apply(&url, "one").await;
    assert_eq!(replica.by(&daemon, &url, "one").await, "a");
}

#[tokio::test]
async fn an_older_copy_of_etcd_that_is_put_back_is_told_and_gone_on_from() {
    let Some(mut cluster) = etcd::Cluster::single() else { return };
    let replica = on_etcd(&cluster);
    let (daemon, url) = replica.start().await;
    replica.apply(&url, "kept").await;
    assert_eq!(replica.by(&daemon, &url, "kept").await, "a");
    cluster.kill(0);
    let copy = cluster.copy(0);
    cluster.restart(0);
    readyz(&daemon, &url, 200, &[]).await;
    for name in ["lost-1", "lost-2", "lost-3"] {
        replica.apply(&url, name).await;
        assert_eq!(replica.by(&daemon, &url, name).await, "a");
    }

    cluster.kill(0);
    cluster.put_back(0, &copy);
    cluster.restart(0);
    daemon.logs("IndexWentBack").await;
    readyz(&daemon, &url, 200, &[]).await;
    let listed = replica.ask(&url, &["get", "site"]).await;
    assert!(listed.contains("kept") && !listed.contains("lost"), "{listed}");
    let status = replica.ask(&url, &["status", "-o", "json"]).await;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["cluster"]["store"]["resets"], 1, "{status}");
    replica.apply(&url, "new").await;
    assert_eq!(replica.by(&daemon, &url, "new").await, "a");
}

const JUNK: &str = "no header and no JSON";

#[tokio::test]
async fn an_entry_in_etcd_that_cannot_be_read_is_named_and_the_others_go_on() {
    let Some(cluster) = etcd::Cluster::single() else { return };
    let replica = on_etcd(&cluster);
    let (daemon, url) = replica.start().await;
    let key = etcd::Cluster::encoded("shop/v1/e/site/default/default/odd/s");
    cluster.call(0, "kv/put", &json!({ "key": key, "value": etcd::Cluster::encoded(JUNK) }));
    unreadable(&replica, &daemon, &url).await;
    cluster.call(0, "kv/deleterange", &json!({ "key": key }));
    readable(&replica, &daemon, &url).await;
}

/// Consul is asked for what others wrote past Trimtab every minute; so it is there from the start, and its end is a write of Trimtab's.
#[tokio::test]
async fn an_entry_in_consul_that_cannot_be_read_is_named_and_the_others_go_on() {
    let Some(cluster) = consul::Cluster::single() else { return };
    let replica =
        Replica::new("a", &format!("[store]\nurl = \"consul://127.0.0.1:{}/shop\"", cluster.port(0)), "");
    let (daemon, url) = replica.start().await;
    replica.apply(&url, "before").await;
    drop(daemon);
    cluster.put("shop/v1/e/site/default/default/odd/s", JUNK);
    let (daemon, url) = replica.start().await;
    unreadable(&replica, &daemon, &url).await;
    replica.ask(&url, &["delete", "site", "odd", "--yes"]).await;
    readable(&replica, &daemon, &url).await;
}

async fn unreadable(replica: &Replica, daemon: &super::stage::Daemon, url: &str) {
    daemon.logs("site/odd").await;
    replica.apply(url, "one").await;
    assert_eq!(replica.by(daemon, url, "one").await, "a");
    let status = replica.ask(url, &["status"]).await;
    assert!(status.contains("1 entry cannot be read; `trimtab get KIND` names them"), "{status}");
    let listed = replica.folder.trimtab(&["get", "site", "--server", url]).await;
    assert!(listed.out.contains("one") && (listed.out + &listed.err).contains("odd"), "{}", listed.err);
}

async fn readable(replica: &Replica, daemon: &super::stage::Daemon, url: &str) {
    loop {
        let status = replica.ask(url, &["status", "-o", "json"]).await;
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        if status["cluster"]["store"]["undecodable"] == 0 {
            return;
        }
        daemon.rest().await;
    }
}
