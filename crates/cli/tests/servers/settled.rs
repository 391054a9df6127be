//! `--until-settled` on a store that is away, or where another replica leads.

use std::io::ErrorKind;
use std::net::TcpListener;

use trimtab_test_servers::etcd;

use super::replica::Replica;

#[tokio::test]
async fn a_store_that_is_away_is_not_settled_and_the_time_holds() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let replica = Replica::new("a", &format!("[store]\nurl = \"etcd://{closed}\""), "");
    let ended = replica.folder.settle(&["--timeout", "3s"]).await.with_code(124);
    ended.logged("error: not settled within 3s:\n  store: no etcd server can be reached: ");
}

#[tokio::test]
async fn beside_a_replica_that_leads_nothing_is_claimed_and_the_leader_is_named() {
    let Some(cluster) = etcd::Cluster::single() else { return };
    let store = format!("[store]\nurl = \"etcd://127.0.0.1:{}\"\n", cluster.port(0));
    let (leads, once) = (Replica::new("leads", &store, ""), Replica::new("once", &store, ""));
    once.folder.site("blog");
    once.folder.settle(&[]).await.with_code(0);

    let (daemon, url) = leads.start().await;
    daemon.says("sites  ready").await;
    let ended = once.folder.settle(&["--timeout", "3s"]).await.with_code(124);
    ended.logged("controller sites: stands by, and replica leads leads it: whether all is settled, only that one can say");
    assert!(leads.ask(&url, &["get", "site"]).await.contains("blog"), "the file was applied all the same");

    // The same where both have a share.
    let (store, more) = (store.replace("\"\n", "/shared\"\n"), "placement = \"sharded\"\n");
    let (other, once) = (Replica::new("other", &store, more), Replica::new("once", &store, more));
    let (daemon, _) = other.start().await;
    daemon.says("sites  ready").await;
    let ended = once.folder.settle(&["--timeout", "3s"]).await.with_code(124);
    ended.logged(
        "controller sites: shares its entries with other replicas, and whether those are settled, only they can say: other",
    );
}

#[tokio::test]
async fn a_check_of_settings_connects_to_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    for scheme in ["etcd", "consul"] {
        let replica = Replica::new("a", &format!("[store]\nurl = \"{scheme}://{address}\"\ntls = {{}}"), "");
        replica.folder.trimtab(&["check"]).await.with_code(0);
        replica.folder.trimtab(&["config", "show"]).await.with_code(0);
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
