//! Guarded writes to Consul: through the backend, beside the barest client that writes one key under its last index, and beside one that writes what the backend
//! writes: the key, a guard, and a record of the commit.
//!
//! ```sh
//! cargo run --release --bin consul        # JSON lines; 5 rounds, on a server that it starts and stops
//! ```
//!
//! Values of 1 KiB; each writer has a key of its own. The rounds of what is compared take turns; only a ratio of one run counts. Server, backend and bare client share
//! the machine. The first bare client knows less in the end: not what became of a write whose answer is lost, and nobody is told of what it wrote.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use trimtab_backend::{Backend, Expect, Key, Operation, Part, Transaction};
use trimtab_consul::Consul;
use trimtab_seams::{Instant, Seams};
use trimtab_test_servers::consul::Cluster;

const VALUE: usize = 1024;
const ROUND: Duration = Duration::from_secs(2);

fn main() {
    let rounds = std::env::args().nth(1).map_or(5, |text| text.parse().expect("a number of rounds"));
    let cluster = Cluster::single().expect("a server");
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let seams = runtime.block_on(async { Seams::tokio() });
    for writers in [1, 16, 64] {
        let [mut bare, mut same, mut ours] = [const { Vec::new() }; 3];
        for round in 0..rounds {
            bare.push(bare_writes(
                &runtime,
                &seams,
                cluster.port(0),
                writers,
                &format!("bare/{writers}-{round}"),
                false,
            ));
            same.push(bare_writes(
                &runtime,
                &seams,
                cluster.port(0),
                writers,
                &format!("same/{writers}-{round}"),
                true,
            ));
            ours.push(commits(&runtime, &seams, &cluster, writers, round));
        }
        let (bare, same, ours) = (median(bare), median(same), median(ours));
        println!(
            r#"{{"peer": "trimtab", "case": "consul_commits_per_second", "writers": {writers}, "bare": {bare:.0}, "bare_with_record": {same:.0}, "backend": {ours:.0}, "over_bare": {:.2}, "over_bare_with_record": {:.2}}}"#,
            ours / bare,
            ours / same
        );
    }
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Writes of all writers together in a second.
fn per_second<F: Future<Output = u64> + Send + 'static>(
    runtime: &Runtime,
    writers: usize,
    write: impl Fn(usize) -> F,
) -> f64 {
    runtime.block_on(async {
        let tasks: JoinSet<u64> = (0..writers).map(write).collect();
        let written: u64 = tasks.join_all().await.into_iter().sum();
        written as f64 / ROUND.as_secs_f64()
    })
}

fn commits(runtime: &Runtime, seams: &Seams, cluster: &Cluster, writers: usize, round: usize) -> f64 {
    let prefix = format!("bench/{writers}-{round}");
    let builder = Consul::builder(cluster.endpoints()).prefix(prefix).lanes(writers);
    let store = runtime.block_on(builder.connect()).expect("a store");
    let end = seams.now() + ROUND;
    per_second(runtime, writers, |writer| commit_until(end, seams.clone(), store.clone(), writer))
}

async fn commit_until(end: Instant, seams: Seams, store: Consul, writer: usize) -> u64 {
    let (key, mut expect, mut written) = (Key::new("site", &writer.to_string()), Expect::Absent, 0);
    while seams.now() < end {
        let value = format!("{written:0VALUE$}").into();
        let put = Operation::Put { key: key.clone(), part: Part::Spec, value, expect };
        let commit = store.commit(Transaction::of([put])).await.expect("a commit");
        expect = Expect::At(commit.position().index);
        written += 1;
    }
    written
}

fn bare_writes(
    runtime: &Runtime,
    seams: &Seams,
    port: u16,
    writers: usize,
    folder: &str,
    records: bool,
) -> f64 {
    let end = seams.now() + ROUND;
    per_second(runtime, writers, |writer| {
        write_until(end, seams.clone(), port, format!("{folder}/{writer}"), records)
    })
}

/// One connection, one key; one operation a transaction, or three.
async fn write_until(end: Instant, seams: Seams, port: u16, key: String, records: bool) -> u64 {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("the server");
    stream.set_nodelay(true).expect("a socket");
    // Base64 of as many bytes.
    let value = "YWFh".repeat(VALUE / 3);
    let (mut index, mut written, mut answer) = (0, 0, vec![0; 4096]);
    while seams.now() < end {
        let put = format!(
            r#"{{"KV":{{"Verb":"cas","Key":"{key}","Index":{index},"Flags":{written},"Value":"{value}"}}}}"#
        );
        let set = |key: &str, value: &str| {
            format!(r#",{{"KV":{{"Verb":"set","Key":"{key}","Flags":{written},"Value":"{value}"}}}}"#)
        };
        let record = if records {
            // As long as the backend's: 60 bytes of guard, and 150 more in the record than in the value.
            let (guard, slot) = ("YWFh".repeat(20), value.clone() + &"YWFh".repeat(50));
            set(&format!("{key}/w"), &guard) + &set(&format!("{key}/r/{}", written % 128), &slot)
        } else {
            String::new()
        };
        let body = format!("[{put}{record}]");
        let head = format!("PUT /v1/txn HTTP/1.1\r\nHost: consul\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all((head + &body).as_bytes()).await.expect("a request");
        let count = stream.read(&mut answer).await.expect("an answer");
        index = modify_index(&String::from_utf8_lossy(&answer[..count]));
        written += 1;
    }
    written
}

fn modify_index(answer: &str) -> u64 {
    let (_, index) = answer.split_once("\"ModifyIndex\":").unwrap_or_else(|| panic!("refused: {answer}"));
    let digits = index.trim_start().split(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).expect("an index")
}
