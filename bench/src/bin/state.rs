//! The store's state in memory beside what else it could be: a locked `BTreeMap` and a locked hash map (both without snapshots: the
//! floor), and a persistent map, imbl's `OrdMap`. And the follower: what a batch costs from its receipt, and how often it allocates.
//!
//! ```sh
//! cargo run --release --bin state             # JSON lines; 3 rounds, 10,000 and 100,000 entries
//! cargo run --release --bin state -- 5 1000000 trimtab HashMap   # only cases whose name has one of these words in it
//! ```
//!
//! Values of 200 bytes. Minima and medians over rounds in which the structures take turns; only a ratio taken in one run counts.

// The state is private to the store; it stands by itself, so it is measured as it is.
#[path = "../../../crates/store/src/state/mod.rs"]
#[expect(dead_code, unused_imports, reason = "what is not measured here")]
mod state;

use std::alloc::System;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::{Arc, Mutex, RwLock};

use hashbrown::HashMap;
use imbl::OrdMap;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FeedItem, FollowError, Index, Key, Part, Position, Record,
    RecordChange, ResetReason, Scope, StoreId, Transaction, Why,
};
use trimtab_seams::{HashState, Random, Seams, Seeded};
use trimtab_store::{Draft, Memory, Message, Store, SubscribeRequest};

use state::{Cursor, Range, State};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[derive(Clone)]
struct Value(#[expect(dead_code, reason = "only its size counts")] Arc<[u8; 200]>);

impl state::Value for Value {
    type About = ();
}

fn value(byte: u8) -> Value {
    Value(Arc::new([byte; 200]))
}

fn keys(count: usize) -> Vec<Key> {
    (0..count).map(|n| Key::new("certificate", &format!("certificate-{n:09}"))).collect()
}

fn position(index: u64) -> Position {
    Position { store: StoreId::new([1; 16]), index: Index::new(index) }
}

/// One structure, as the benches drive it.
trait Structure {
    const NAME: &'static str;
    type Snapshot;
    fn new() -> Self;
    /// Writes these keys as one commit, and makes it visible.
    fn commit(&mut self, keys: &[&Key]);
    fn get(&self, key: &Key) -> bool;
    /// Reads the hundred that follow a key.
    fn list(&self, from: &Key) -> usize;
    fn snapshot(&self) -> Self::Snapshot;
}

struct Ours {
    state: Arc<State<Value>>,
    index: u64,
}

impl Structure for Ours {
    const NAME: &'static str = "trimtab";
    type Snapshot = state::Pinned<Value>;

    fn new() -> Self {
        Self { state: State::new(()), index: 0 }
    }

    fn commit(&mut self, keys: &[&Key]) {
        let mut writer = self.state.write();
        for key in keys {
            black_box(writer.put(key, Some(&value(1))));
        }
        self.index += 1;
        writer.publish(position(self.index));
    }

    fn get(&self, key: &Key) -> bool {
        self.state.pin().get(key).is_some()
    }

    fn list(&self, from: &Key) -> usize {
        // The names are of one length: a prefix of all but two digits names a hundred.
        let prefix = from.name()[..from.name().len() - 2].to_owned();
        let range = Range { kind: Some(from.kind_name().clone()), prefix, ..Range::default() };
        let (pinned, mut cursor, mut found) = (self.state.pin(), Cursor::Start, Vec::new());
        while !cursor.is_end() {
            pinned.walk(&range, &mut cursor, &mut found);
        }
        found.len()
    }

    fn snapshot(&self) -> Self::Snapshot {
        self.state.pin()
    }
}

/// Reads the hundred that follow, out of an ordered iterator.
fn hundred<'a>(entries: impl Iterator<Item = (&'a Key, &'a Value)>) -> usize {
    entries.take(100).map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>().len()
}

struct Tree(RwLock<BTreeMap<Key, Value>>);

impl Structure for Tree {
    const NAME: &'static str = "BTreeMap, locked, no snapshots";
    type Snapshot = ();

    fn new() -> Self {
        Self(RwLock::default())
    }

    fn commit(&mut self, keys: &[&Key]) {
        for key in keys {
            let old = self.0.write().expect("no panic").insert((*key).clone(), value(1));
            drop(black_box(old));
        }
    }

    fn get(&self, key: &Key) -> bool {
        self.0.read().expect("no panic").get(key).cloned().is_some()
    }

    fn list(&self, from: &Key) -> usize {
        hundred(self.0.read().expect("no panic").range(from.clone()..))
    }

    fn snapshot(&self) {}
}

struct Hash(RwLock<HashMap<Key, Value, HashState>>);

impl Structure for Hash {
    const NAME: &'static str = "HashMap, locked, no snapshots, no order";
    type Snapshot = ();

    fn new() -> Self {
        Self(RwLock::default())
    }

    fn commit(&mut self, keys: &[&Key]) {
        for key in keys {
            let old = self.0.write().expect("no panic").insert((*key).clone(), value(1));
            drop(black_box(old));
        }
    }

    fn get(&self, key: &Key) -> bool {
        self.0.read().expect("no panic").get(key).cloned().is_some()
    }

    fn list(&self, _: &Key) -> usize {
        0
    }

    fn snapshot(&self) {}
}

struct Persistent {
    draft: OrdMap<Key, Value>,
    shown: Mutex<OrdMap<Key, Value>>,
}

impl Structure for Persistent {
    const NAME: &'static str = "imbl OrdMap";
    type Snapshot = OrdMap<Key, Value>;

    fn new() -> Self {
        Self { draft: OrdMap::new(), shown: Mutex::default() }
    }

    fn commit(&mut self, keys: &[&Key]) {
        for key in keys {
            drop(black_box(self.draft.insert((*key).clone(), value(1))));
        }
        let shown = std::mem::replace(&mut *self.shown.lock().expect("no panic"), self.draft.clone());
        drop(shown);
    }

    fn get(&self, key: &Key) -> bool {
        self.snapshot().get(key).cloned().is_some()
    }

    fn list(&self, from: &Key) -> usize {
        hundred(self.snapshot().range(from.clone()..))
    }

    fn snapshot(&self) -> Self::Snapshot {
        self.shown.lock().expect("no panic").clone()
    }
}

/// Figures by name.
type Round = Vec<(&'static str, f64)>;

#[derive(Default)]
struct Cases(BTreeMap<(usize, &'static str), Vec<Round>>);

impl Cases {
    fn print(&self) {
        for ((entries, structure), rounds) in &self.0 {
            let mut line = format!(r#"{{"structure": "{structure}", "entries": {entries}"#);
            for (at, (name, _)) in rounds[0].iter().enumerate() {
                let mut values: Vec<f64> = rounds.iter().map(|round| round[at].1).collect();
                values.sort_by(f64::total_cmp);
                let (least, median) = (values[0], values[values.len() / 2]);
                line += &format!(r#", "{name}": {least:.3}, "{name}_median": {median:.3}"#);
            }
            println!("{line}, \"rounds\": {}}}", rounds.len());
        }
    }
}

/// Microseconds of each of `times` calls.
fn each(seams: &Seams, times: usize, mut work: impl FnMut(usize)) -> f64 {
    let start = seams.now();
    (0..times).for_each(&mut work);
    (seams.now() - start).as_nanos() as f64 / 1e3 / times as f64
}

const TIMES: usize = 50_000;

fn measure<S: Structure>(seams: &Seams, keys: &[Key]) -> Round {
    let random = Seeded::new(1);
    let some = || &keys[usize::try_from(random.next_u64() >> 1).unwrap_or(0) % keys.len()];
    let region = Region::new(ALLOCATOR);
    let mut structure = S::new();
    let create = each(seams, keys.len(), |n| structure.commit(&[&keys[n]]));
    let change = region.change();
    // Beside the key, which is shared, and the value with its two counts.
    let bytes = (change.bytes_allocated - change.bytes_deallocated) as f64 / keys.len() as f64 - 216.0;
    let update = each(seams, TIMES, |_| {
        structure.commit(&[some()]);
        drop(black_box(structure.snapshot()));
    });
    let group: Vec<&Key> = (0..128).map(|_| some()).collect();
    let grouped = each(seams, TIMES / 128, |_| structure.commit(&group)) / 128.0;
    let get = each(seams, TIMES, |_| assert!(black_box(structure.get(some()))));
    let list = each(seams, TIMES / 50, |_| assert!(black_box(structure.list(some())) <= 100));
    let snapshot = each(seams, TIMES, |_| drop(black_box(structure.snapshot())));
    let mut held = Vec::new();
    let update_held = each(seams, TIMES, |n| {
        structure.commit(&[some()]);
        if n % 500 == 0 {
            held.push(structure.snapshot());
        }
    });
    vec![
        ("update_us", update),
        ("update_in_128_us", grouped),
        ("update_100_held_us", update_held),
        ("get_us", get),
        ("list_100_us", list),
        ("snapshot_us", snapshot),
        ("create_us", create),
        ("bytes", bytes),
    ]
}

/// A backend whose feed is a channel.
struct Fed(Mutex<Option<Feed>>);

impl Backend for Fed {
    async fn commit(&self, _: Transaction) -> Result<Commit, CommitError> {
        Err(CommitError::Unavailable { why: Why::Unreachable, retry_after: None })
    }

    async fn read(&self, _: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        Err(FollowError::UNREACHABLE)
    }

    async fn follow(&self, _: Scope, _: Option<Position>) -> Result<Feed, FollowError> {
        self.0.lock().expect("no panic").take().ok_or(FollowError::UNREACHABLE)
    }
}

fn record(key: &Key, version: u64) -> Record {
    let header = r#"{"f":1,"uid":"00000000-0000-4000-8000-000000000001","generation":1,"created_at":"2026-01-01T00:00:00.000Z"}"#;
    let value = format!("{header}\n{{\"host\":\"{}\"}}", "x".repeat(80));
    let (created, version) = (Index::new(1), Index::new(version));
    // Shared as a backend's log shares it: the first clone of bytes made from a vector allocates their count.
    let value = bytes::Bytes::from(value);
    let _log = value.clone();
    Record { key: key.clone(), part: Part::Spec, value, created, version }
}

/// From the receipt of a batch of this many records to its events taken by a subscriber, a record.
async fn follower(seams: &Seams, keys: &[Key], group: usize) -> Round {
    let (sender, feed) = Feed::channel(keys.len() + 10);
    sender.send(Ok(FeedItem::Reset { why: ResetReason::First }));
    sender.send(Ok(FeedItem::Chunk(keys.iter().map(|key| record(key, 1)).collect())));
    sender.send(Ok(FeedItem::Synced(position(1))));
    let store = Store::builder(Fed(Mutex::new(Some(feed)))).seams(seams).open().await.expect("it is fed");
    let mut subscription =
        store.subscribe(SubscribeRequest::all("certificate").resume_at(1)).expect("followed");
    let mut batches = Vec::new();
    for (nth, keys) in keys.chunks(group).enumerate() {
        let (after, upto) = (nth as u64 + 1, nth as u64 + 2);
        let changes: Arc<[RecordChange]> =
            keys.iter().map(|key| RecordChange::Put(record(key, upto))).collect();
        batches.push(FeedItem::Batch { after: Index::new(after), upto: position(upto), changes });
    }
    let last = position(batches.len() as u64 + 1);
    // The channel's own memory, and the history's, grow in the first half; the second half is measured.
    let second = batches.split_off(batches.len() / 2);
    let half = position(batches.len() as u64 + 1);
    let mut seen = 0;
    let mut run = async |batches: Vec<FeedItem>, upto: Position| {
        for batch in batches {
            sender.send(Ok(batch));
        }
        let (region, start) = (Region::new(ALLOCATOR), seams.now());
        while seen < upto.index.get() {
            if let Ok(Message::Changes { index, .. }) = subscription.next().await {
                seen = index;
            }
        }
        ((seams.now() - start).as_nanos() as f64 / 1e3, region.change().allocations as f64)
    };
    run(batches, half).await;
    let records = (keys.len() / 2) as f64;
    let (time, allocations) = run(second, last).await;
    vec![("record_us", time / records), ("record_allocations", allocations / records)]
}

/// From a write in hand to the answer of the door, which comes when the view includes it.
async fn door(seams: &Seams, keys: &[Key]) -> Round {
    let store = Store::builder(Memory::with_seams(seams)).seams(seams).open().await.expect("it is in memory");
    let spec = serde_json::json!({ "host": "x".repeat(80) });
    for keys in keys.chunks(60) {
        let drafts: Vec<_> =
            keys.iter().map(|key| Draft::json(key.kind(), key.name(), &spec).create()).collect();
        store.commit(drafts).await.expect("created");
    }
    let writes: Vec<_> = keys
        .iter()
        .map(|key| {
            store.entry(key).expect("followed").expect("there").edit_json(|spec| spec["port"] = 80.into())
        })
        .collect();
    let (region, start) = (Region::new(ALLOCATOR), seams.now());
    for write in writes {
        store.commit(write).await.expect("committed");
    }
    let count = keys.len() as f64;
    let time = (seams.now() - start).as_nanos() as f64 / 1e3 / count;
    vec![("commit_us", time), ("commit_allocations", region.change().allocations as f64 / count)]
}

fn main() {
    let (numbers, words): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|word| word.parse::<usize>().is_ok());
    let mut numbers = numbers.iter().filter_map(|number| number.parse().ok());
    let rounds = numbers.next().unwrap_or(3);
    let sizes: Vec<usize> = numbers.collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let sizes = if sizes.is_empty() { vec![10_000, 100_000] } else { sizes };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let seams = Seams::tokio();
        let mut cases = Cases::default();
        for size in sizes {
            let keys = keys(size);
            for _ in 0..rounds {
                let structures: [(&'static str, fn(&Seams, &[Key]) -> Round); 4] = [
                    (Ours::NAME, measure::<Ours>),
                    (Tree::NAME, measure::<Tree>),
                    (Hash::NAME, measure::<Hash>),
                    (Persistent::NAME, measure::<Persistent>),
                ];
                for (name, measure) in structures.into_iter().filter(|(name, _)| wanted(name)) {
                    cases.0.entry((size, name)).or_default().push(measure(&seams, &keys));
                }
                if wanted("door") {
                    let round = door(&seams, &keys).await;
                    cases.0.entry((size, "door")).or_default().push(round);
                }
                for (name, group) in [("follower, lone commits", 1), ("follower, 60 a commit", 60)] {
                    if wanted(name) {
                        let round = follower(&seams, &keys, group).await;
                        cases.0.entry((size, name)).or_default().push(round);
                    }
                }
            }
        }
        cases.print();
    });
}
