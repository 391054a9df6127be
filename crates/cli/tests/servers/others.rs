//! Something else at the address, or a server that will not do.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use serde_json::json;
use trimtab_test_servers::{consul, etcd};

use super::changed::changed;
use super::health::{of_waiting, readyz};
use super::replica::Replica;

/// A web server.
fn web() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            drop(stream.read(&mut [0; 4096]));
            let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<html>hi</html>";
            drop(stream.write_all(page.as_bytes()));
        }
    };
    thread::Builder::new().spawn(serve).unwrap();
    port
}

fn on(url: &str) -> Replica {
    Replica::new("a", &format!("[store]\nurl = \"{url}\""), "")
}

#[tokio::test]
async fn another_service_at_the_address_is_told_from_a_store_and_the_daemon_goes_on_trying() {
    let (Some(etcd), Some(consul)) = (etcd::Cluster::single(), consul::Cluster::single()) else { return };
    let web = web();
    let no_etcd = &["is no etcd server", "check the port (clients of etcd usually connect to 2379)"];
    let no_consul = &["an agent's HTTP address, its port is 8500"];
    let cases = [
        ("etcd", web, &no_etcd[..]),
        ("etcd", consul.port(0), no_etcd),
        ("consul", web, no_consul),
        ("consul", etcd.port(0), no_consul),
    ];
    let replicas = cases.map(|(scheme, port, wanted)| {
        let replica = on(&format!("{scheme}://127.0.0.1:{port}"));
        let daemon = replica.folder.start(&[]);
        (replica, daemon, wanted)
    });
    for (_replica, daemon, wanted) in &replicas {
        let url = of_waiting(daemon).await;
        readyz(daemon, &url, 503, wanted).await;
    }
}

/// No waiting makes a server newer: the one who runs it must, and then starts the daemon again.
#[tokio::test]
async fn a_server_that_is_too_old_ends_the_start() {
    if let Some(etcd) = etcd::Cluster::single() {
        let old = changed(etcd.port(0), "3.6.15", "3.4.15");
        let ended = on(&format!("etcd://127.0.0.1:{old}")).folder.start(&[]).ended().await.with_code(1);
        ended
            .logged(&format!("error: the server at `http://127.0.0.1:{old}` has version 3.4.15, and Trimtab needs 3.5.13 or later"))
            .logged("upgrade etcd");
    }
    if let Some(consul) = consul::Cluster::single() {
        let old = changed(consul.port(0), "get-or-empty", "get-or-what?");
        let ended = on(&format!("consul://127.0.0.1:{old}")).folder.start(&[]).ended().await.with_code(1);
        ended.logged("error: Consul is too old: ").logged("it must be Consul 1.14 or later");
    }
}

#[tokio::test]
async fn a_prefix_that_something_else_uses_ends_the_start() {
    if let Some(etcd) = etcd::Cluster::single() {
        let pair =
            json!({ "key": etcd::Cluster::encoded("theirs/config"), "value": etcd::Cluster::encoded("1") });
        etcd.call(0, "kv/put", &pair);
        let url = format!("etcd://127.0.0.1:{}/theirs", etcd.port(0));
        let ended = on(&url).folder.start(&[]).ended().await.with_code(1);
        ended
            .logged("error: the prefix `theirs` is in use by something else: `theirs/config`")
            .logged("choose another as the path of `[store] url`, or remove what is there");
    }
    if let Some(consul) = consul::Cluster::single() {
        consul.put("theirs/v1/config", "1");
        let url = format!("consul://127.0.0.1:{}/theirs", consul.port(0));
        let ended = on(&url).folder.start(&[]).ended().await.with_code(1);
        ended
            .logged("is in use by something that is not Trimtab's (`theirs/v1/config`")
            .logged("give another as the path of `[store] url`, or remove what lies there");
    }
}
