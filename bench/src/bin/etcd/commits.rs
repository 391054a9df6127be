//! Guarded writes of 1 KiB in a second, each writer on a key of its own: raw with nothing but the guard; raw, but the very transaction of the backend, which has a mark in a
//! lane of its own, the condition that the store is the one it was, and reads for the case that a condition fails; through the backend; and through `Store::commit`,
//! which encodes an entry and answers when the view shows it.

use std::time::Duration;

use serde_json::json;
use trimtab_backend::{Backend as _, Expect, Key, Operation, Part, Transaction};
use trimtab_bench::etcdserverpb::TxnRequest;
use trimtab_bench::{Slices, per_second, value};
use trimtab_etcd::Etcd;
use trimtab_seams::{Instant, Seams};
use trimtab_store::{Draft, Store};

use super::World;
use super::raw::{Raw, get, holds, put, revision, written_at};

const VALUE: usize = 1024;
const SLICE: Duration = Duration::from_millis(300);

pub(crate) fn measure(world: &World, writers: usize) {
    let World { runtime, seams, .. } = world;
    let (raw, etcd, store) = runtime.block_on(async {
        let backend = async |prefix: String| {
            Etcd::builder([&world.endpoint]).prefix(prefix).connect().await.expect("a store")
        };
        let store = Store::open(backend(format!("store-{writers}")).await).await.expect("a store");
        (Raw::connect(&world.endpoint).await, backend(format!("backend-{writers}")).await, store)
    });
    let rate = |way: &'static str, round: usize| {
        let one = |writer: usize, end: Instant| {
            let (seams, raw, etcd, store) = (seams.clone(), raw.clone(), etcd.clone(), store.clone());
            let name = format!("{way}-{writers}-{round}-{writer}");
            async move {
                match way {
                    "raw" => transactions(end, &seams, &raw, &name, false).await,
                    "raw_same" => transactions(end, &seams, &raw, &name, true).await,
                    "backend" => commits(end, &seams, &etcd, &name).await,
                    _ => store_commits(end, &seams, &store, &name).await,
                }
            }
        };
        per_second(runtime, seams, SLICE, writers, one)
    };
    rate("backend", usize::MAX);
    let slices = Slices::measure(&["raw", "raw_same", "backend", "store"], world.rounds, rate);
    let pairs = [("backend", "raw"), ("store", "raw"), ("raw_same", "raw"), ("backend", "raw_same")];
    let fields = slices.fields(&pairs);
    println!(r#"{{"peer": "trimtab", "case": "etcd_commits_per_second", "writers": {writers}{fields}}}"#);
    runtime.block_on(async {
        store.close().await;
        etcd.close().await;
    });
}

async fn transactions(end: Instant, seams: &Seams, raw: &Raw, name: &str, same: bool) -> u64 {
    // Keys as long as the backend's.
    let (key, lane) =
        (format!("raw-0/v1/e/site/default/default/{name}/s"), format!("raw-0/v1/w/{name:0>34}"));
    let (meta, known) = ("raw-0/v1/meta/store", "x".repeat(57));
    raw.transact(TxnRequest { success: vec![put(meta, known.clone())], ..TxnRequest::default() }).await;
    let (mut at, mut written) = (0, 0_u64);
    while seams.now() < end {
        let mut transaction = TxnRequest {
            compare: vec![written_at(&key, at)],
            success: vec![put(&key, value(written, VALUE))],
            failure: Vec::new(),
        };
        if same {
            transaction.compare.extend([holds(meta, known.clone()), written_at(&lane, at)]);
            transaction.success.push(put(&lane, format!("{written:060}")));
            transaction.failure = vec![get(&key), get(meta), get(&lane)];
        }
        at = revision(&raw.transact(transaction).await);
        written += 1;
    }
    written
}

async fn commits(end: Instant, seams: &Seams, etcd: &Etcd, name: &str) -> u64 {
    let (key, mut expect, mut written) = (Key::new("site", name), Expect::Absent, 0_u64);
    while seams.now() < end {
        let value = value(written, VALUE).into();
        let put = Operation::Put { key: key.clone(), part: Part::Spec, value, expect };
        let commit = etcd.commit(Transaction::of([put])).await.expect("a commit");
        expect = Expect::At(commit.position().index);
        written += 1;
    }
    written
}

async fn store_commits(end: Instant, seams: &Seams, store: &Store, name: &str) -> u64 {
    let mut written = 0_u64;
    while seams.now() < end {
        let spec = json!({ "text": value(written, VALUE) });
        store.commit(Draft::json("site", name, &spec).apply()).await.expect("a commit");
        written += 1;
    }
    written
}
