//! What it costs to hear of one change among 5,000 entries of 1 KiB: bytes that the follower receives, and the time from before the write until it is told. Raw: a blocking query
//! for everything under the prefix, answered anew at each change.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use trimtab_backend::{Backend as _, Expect, Feed, FeedItem, Key, Operation, Part, Scope, Transaction};
use trimtab_bench::quantile;
use trimtab_consul::Consul;
use trimtab_seams::Seams;

use super::World;
use super::bare::{Bare, value};

const ENTRIES: usize = 5000;
const VALUE: usize = 1024;
/// In each round.
const CHANGES: usize = 4;
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn measure(world: &World) {
    world.runtime.block_on(async {
        let port = world.cluster.port(0);
        let tap = Tap::on(&world.seams, port).await;
        let writer = connect(world.cluster.endpoint(0)).await;
        for names in (0..ENTRIES).collect::<Vec<_>>().chunks(50) {
            writer.commit(Transaction::of(names.iter().map(|n| put(*n, 0)))).await.expect("a commit");
        }
        let mut bare = Bare::connect(port).await;
        for names in (0..ENTRIES).collect::<Vec<_>>().chunks(50) {
            let operations: Vec<_> = names.iter().map(|n| set(*n, 0)).collect();
            bare.transact(&operations.join(",")).await;
        }
        let mut feed = connect(tap.endpoint.clone()).await.follow(Scope::All, None).await.expect("a feed");
        until(&mut feed, |item| matches!(item, FeedItem::Synced(_))).await;
        let snapshot = tap.received();
        let mut raw_follower = Bare::connect(port).await;
        let (mut index, raw_snapshot) = raw_follower.list("plain/", None).await;
        let (mut ours, mut theirs, mut bytes, mut raw_bytes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for n in 0..CHANGES * world.rounds {
            world.seams.sleep(PAUSE).await;
            tap.received();
            let begun = world.seams.now();
            let at = writer.commit(Transaction::of([put(n % ENTRIES, n + 1)])).await.expect("a commit").position().index;
            until(&mut feed, |item| matches!(item, FeedItem::Batch { upto, .. } if upto.index >= at)).await;
            ours.push((world.seams.now() - begun).as_secs_f64() * 1e3);
            // What comes after it was told belongs to it too.
            world.seams.sleep(PAUSE).await;
            bytes.push(tap.received() as f64);

            let begun = world.seams.now();
            let heard = async { raw_follower.list("plain/", Some(index)).await };
            let write = async {
                // The query must be there first.
                world.seams.sleep(Duration::from_millis(2)).await;
                bare.transact(&set(n % ENTRIES, n + 1)).await
            };
            let ((now, received), _) = tokio::join!(heard, write);
            index = now;
            theirs.push((world.seams.now() - begun).as_secs_f64() * 1e3 - 2.0);
            raw_bytes.push(received as f64);
        }
        println!(
            r#"{{"peer": "trimtab", "case": "consul_following", "entries": {ENTRIES}, "bytes_per_change": {:.0}, "p50_ms": {:.1}, "p99_ms": {:.1}, "raw_bytes_per_change": {:.0}, "raw_p50_ms": {:.1}, "raw_p99_ms": {:.1}, "snapshot_bytes": {snapshot}, "raw_snapshot_bytes": {raw_snapshot}, "changes": {}}}"#,
            bytes.iter().sum::<f64>() / bytes.len() as f64,
            quantile(ours.clone(), 0.5),
            quantile(ours, 0.99),
            raw_bytes.iter().sum::<f64>() / raw_bytes.len() as f64,
            quantile(theirs.clone(), 0.5),
            quantile(theirs, 0.99),
            bytes.len()
        );
    });
}

async fn connect(endpoint: String) -> Consul {
    Consul::builder([endpoint]).prefix("followed").connect().await.expect("a store")
}

fn put(n: usize, edition: usize) -> Operation {
    let (key, value) = (Key::new("site", &format!("{n:04}")), format!("{edition:0VALUE$}").into());
    Operation::Put { key, part: Part::Spec, value, expect: Expect::Anything }
}

fn set(n: usize, edition: usize) -> String {
    format!(r#"{{"KV":{{"Verb":"set","Key":"plain/{n:04}","Flags":{edition},"Value":"{}"}}}}"#, value(VALUE))
}

async fn until(feed: &mut Feed, wanted: impl Fn(&FeedItem) -> bool) {
    while !wanted(&feed.next().await.expect("a feed that goes on")) {}
}

/// A tap on the line to Consul: it counts what the client is sent.
struct Tap {
    endpoint: String,
    received: Arc<AtomicU64>,
}

impl Tap {
    async fn on(seams: &Seams, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("a port"));
        let (received, connections) = (Arc::new(AtomicU64::new(0)), seams.clone());
        let counter = Arc::clone(&received);
        seams.spawn("tap", async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", port)).await.expect("the server");
                for end in [&client, &server] {
                    end.set_nodelay(true).expect("a socket");
                }
                let ((mut from, mut to), (mut answers, mut requests)) =
                    (client.into_split(), server.into_split());
                let counter = Arc::clone(&counter);
                connections.spawn("requests", async move { drop(copy(&mut from, &mut requests).await) });
                connections.spawn("answers", async move {
                    let mut piece = vec![0; 64 << 10];
                    while let Ok(count @ 1..) = answers.read(&mut piece).await {
                        counter.fetch_add(count as u64, Ordering::Relaxed);
                        if to.write_all(&piece[..count]).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { endpoint, received }
    }

    /// Bytes that the client was sent since this was asked last.
    fn received(&self) -> u64 {
        self.received.swap(0, Ordering::Relaxed)
    }
}
