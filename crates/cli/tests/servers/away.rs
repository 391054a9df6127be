//! A store that is not there: at the start, and while the daemon runs.

use trimtab_test_servers::{Proxy, consul, etcd};

use super::health::{ask, of_waiting, readyz};
use super::replica::Replica;

/// `scheme` and the port of a server; what is said of an address where nobody listens.
async fn waited_for(scheme: &str, port: u16, refused: &[&str]) {
    let proxy = Proxy::to(port);
    proxy.cut();
    let address = proxy.endpoint().replace("http://", "");
    let replica = Replica::new("a", &format!("[store]\nurl = \"{scheme}://{address}/away\""), "");
    let daemon = replica.folder.start(&[]);
    let said = format!("the store {scheme}://{address}/away is not open after ");
    daemon.until("it is said twice", || daemon.log().matches(&said).count() > 1).await;
    let url = of_waiting(&daemon).await;
    for wanted in refused {
        assert!(daemon.log().contains(wanted), "{wanted:?} is not in\n{}", daemon.log());
    }
    assert!(ask(&url, "/healthz").await.starts_with("HTTP/1.1 200 "));
    readyz(&daemon, &url, 503, &[&["store: "], refused].concat()).await;
    let status = replica.folder.trimtab(&["status", "--server", &url]).await;
    assert_ne!(status.code, Some(0));
    status.logged("the store is not open yet: store: ");

    proxy.mend();
    assert_eq!(daemon.url().await, url);
    readyz(&daemon, &url, 200, &[]).await;
    replica.apply(&url, "one").await;
    assert_eq!(replica.by(&daemon, &url, "one").await, "a");

    proxy.cut();
    let away = &["the store cannot be followed, tried ", refused[0]];
    readyz(&daemon, &url, 503, away).await;
    assert!(ask(&url, "/healthz").await.starts_with("HTTP/1.1 200 "));
    let status = replica.folder.trimtab(&["status", "--server", &url]).await.with_code(1);
    assert!(status.out.contains(refused[0]), "{}", status.out);
    assert!(replica.ask(&url, &["get", "site"]).await.contains("one"), "what was read is told");

    proxy.mend();
    readyz(&daemon, &url, 200, &[]).await;
    replica.apply(&url, "two").await;
    assert_eq!(replica.by(&daemon, &url, "two").await, "a");
}

#[tokio::test]
async fn etcd_that_is_away_is_waited_for_with_its_reason_and_used_once_it_is_there() {
    let Some(cluster) = etcd::Cluster::single() else { return };
    waited_for("etcd", cluster.port(0), &["onnection refused"]).await;
}

#[tokio::test]
async fn consul_that_is_away_is_waited_for_with_its_reason_and_used_once_it_is_there() {
    let Some(cluster) = consul::Cluster::single() else { return };
    waited_for("consul", cluster.port(0), &["nothing listens there; start Consul, or correct the endpoint"])
        .await;
}
