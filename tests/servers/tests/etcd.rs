//! The servers that other tests stand on: started, asked, killed, frozen, cut off.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::json;
use trimtab_seams::Seams;
use trimtab_test_servers::etcd::Cluster;
use trimtab_test_servers::{Proxy, Way, until};

#[test]
fn a_cluster_keeps_what_was_written_over_kills_and_freezes() {
    let Some(mut cluster) = Cluster::three() else { return };
    let key = Cluster::encoded("key");
    cluster.call(0, "kv/put", &json!({ "key": key, "value": Cluster::encoded("1") }));

    let killed = cluster.leader();
    cluster.kill(killed);
    let asked = (killed + 1) % 3;
    assert_ne!(cluster.leader(), killed);
    assert_eq!(cluster.call(asked, "kv/range", &json!({ "key": key }))["count"], "1");
    cluster.restart(killed);

    let frozen = cluster.leader();
    cluster.freeze(frozen);
    let other = (frozen + 1) % 3;
    assert_eq!(cluster.call(other, "kv/range", &json!({ "key": key }))["count"], "1");
    cluster.thaw(frozen);
    assert!(cluster.is_ready_within(Duration::from_secs(20)));
}

/// An echo behind the proxy, and a client in front of it.
fn echo() -> (Proxy, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let proxy = Proxy::to(listener.local_addr().expect("a port").port());
    std::thread::Builder::new()
        .spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut byte = [0];
                while let Ok(1) = stream.read(&mut byte) {
                    stream.write_all(&byte).expect("the proxy reads");
                }
            }
        })
        .expect("a thread");
    let client = connect(&proxy).expect("the proxy listens");
    (proxy, client)
}

fn connect(proxy: &Proxy) -> Option<TcpStream> {
    let address = proxy.endpoint().trim_start_matches("http://").to_owned();
    let client = TcpStream::connect(address).ok()?;
    client.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
    Some(client)
}

/// Sends a byte and gives what comes back, if anything does.
fn ask(client: &mut TcpStream, byte: u8) -> Option<u8> {
    client.write_all(&[byte]).ok()?;
    answer(client)
}

fn answer(client: &mut TcpStream) -> Option<u8> {
    let mut back = [0];
    client.read_exact(&mut back).ok().map(|()| back[0])
}

#[test]
fn held_bytes_arrive_later_and_swallowed_ones_never() {
    let (proxy, mut client) = echo();
    assert_eq!(ask(&mut client, 1), Some(1));

    proxy.answers(Way::Held);
    client.write_all(&[2]).expect("the way there is open");
    assert!(until(Duration::from_secs(10), || proxy.answers_kept() == 1));
    proxy.mend();
    assert_eq!(answer(&mut client), Some(2), "held, then passed on");

    proxy.requests(Way::Lossy);
    client.write_all(&[3]).expect("the connection stays open");
    assert!(until(Duration::from_secs(10), || proxy.requests_kept() == 1));
    proxy.mend();
    assert_eq!(answer(&mut client), None, "a connection that lost bytes is ended");
}

#[test]
fn a_proxy_that_is_cut_ends_connections_and_takes_none_until_it_is_mended() {
    let (proxy, mut client) = echo();
    assert_eq!(ask(&mut client, 1), Some(1));
    proxy.cut();
    assert_eq!(ask(&mut client, 2), None);
    assert!(connect(&proxy).is_none(), "refused");
    proxy.mend();
    assert_eq!(ask(&mut connect(&proxy).expect("it listens again"), 3), Some(3));
}

#[test]
fn bytes_that_are_delayed_arrive_later_and_whole() {
    let (proxy, mut client) = echo();
    let (seams, delay) = (Seams::tokio(), Duration::from_millis(60));
    proxy.delay(delay);
    let sent = seams.now();
    assert_eq!(ask(&mut client, 1), Some(1));
    assert!(seams.now() - sent >= delay * 2, "there and back");
    proxy.mend();
    assert_eq!(ask(&mut client, 2), Some(2));
}
