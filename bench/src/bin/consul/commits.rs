//! Guarded writes of 1 KiB in a second, each writer on a key of its own: raw, as one check-and-set a transaction; raw with what the backend writes, which is
//! a guard and a record of the commit beside it; through the backend, whose records carry small values, and without carrying them; and through `Store::commit`, which encodes an entry and answers when the view shows it.

use std::time::Duration;

use serde_json::json;
use trimtab_backend::{Backend as _, Expect, Key, Operation, Part, Transaction};
use trimtab_bench::{Slices, per_second};
use trimtab_consul::Consul;
use trimtab_seams::{Instant, Seams};
use trimtab_store::{Draft, Store};

use super::World;
use super::bare::{Bare, value};

const VALUE: usize = 1024;
const SLICE: Duration = Duration::from_millis(400);

pub(crate) fn measure(world: &World, writers: usize) {
    let World { runtime, seams, cluster, .. } = world;
    let (consul, apart, store) = runtime.block_on(async {
        let builder = |prefix: &str| {
            let prefix = format!("{prefix}-{writers}");
            Consul::builder(cluster.endpoints()).prefix(prefix).lanes(writers)
        };
        let backend = builder("backend").connect().await.expect("a store");
        let apart = builder("apart").carried(0).connect().await.expect("a store");
        let store = builder("store").connect().await.expect("a store");
        (backend, apart, Store::open(store).await.expect("a store"))
    });
    let rate = |way: &'static str, round: usize| {
        let one = |writer: usize, end: Instant| {
            let (seams, consul, apart) = (seams.clone(), consul.clone(), apart.clone());
            let (store, port) = (store.clone(), cluster.port(0));
            let name = format!("{way}-{writers}-{round}-{writer}");
            async move {
                match way {
                    "raw" => transactions(end, &seams, port, &name, false).await,
                    "raw_with_record" => transactions(end, &seams, port, &name, true).await,
                    "backend" => commits(end, &seams, &consul, &name).await,
                    "backend_apart" => commits(end, &seams, &apart, &name).await,
                    _ => store_commits(end, &seams, &store, &name).await,
                }
            }
        };
        per_second(runtime, seams, SLICE, writers, one)
    };
    rate("backend", usize::MAX);
    let slices =
        Slices::measure(&["raw", "raw_with_record", "backend", "backend_apart", "store"], world.rounds, rate);
    let pairs =
        [("backend", "raw"), ("store", "raw"), ("raw_with_record", "raw"), ("backend", "raw_with_record")];
    let fields = slices.fields(&pairs);
    println!(r#"{{"peer": "trimtab", "case": "consul_commits_per_second", "writers": {writers}{fields}}}"#);
    runtime.block_on(async {
        store.close().await;
        consul.close().await;
        apart.close().await;
    });
}

async fn transactions(end: Instant, seams: &Seams, port: u16, name: &str, records: bool) -> u64 {
    let mut bare = Bare::connect(port).await;
    // As long as the backend's: 60 bytes of guard, and 150 more in the record than in the value.
    let (key, value, guard, slot) = (format!("raw/{name}"), value(VALUE), value(60), value(VALUE + 150));
    let (mut index, mut written) = (0, 0);
    while seams.now() < end {
        let cas = format!(
            r#"{{"KV":{{"Verb":"cas","Key":"{key}","Index":{index},"Flags":{written},"Value":"{value}"}}}}"#
        );
        let set = |key: &str, value: &str| {
            format!(r#",{{"KV":{{"Verb":"set","Key":"{key}","Flags":{written},"Value":"{value}"}}}}"#)
        };
        let record = if records {
            set(&format!("{key}/w"), &guard) + &set(&format!("{key}/r/{}", written % 128), &slot)
        } else {
            String::new()
        };
        index = bare.transact(&(cas + &record)).await;
        written += 1;
    }
    written
}

async fn commits(end: Instant, seams: &Seams, consul: &Consul, name: &str) -> u64 {
    let (key, mut expect, mut written) = (Key::new("site", name), Expect::Absent, 0_u64);
    while seams.now() < end {
        let value = trimtab_bench::value(written, VALUE).into();
        let put = Operation::Put { key: key.clone(), part: Part::Spec, value, expect };
        let commit = consul.commit(Transaction::of([put])).await.expect("a commit");
        expect = Expect::At(commit.position().index);
        written += 1;
    }
    written
}

async fn store_commits(end: Instant, seams: &Seams, store: &Store, name: &str) -> u64 {
    let mut written = 0_u64;
    while seams.now() < end {
        let spec = json!({ "text": trimtab_bench::value(written, VALUE) });
        store.commit(Draft::json("site", name, &spec).apply()).await.expect("a commit");
        written += 1;
    }
    written
}
