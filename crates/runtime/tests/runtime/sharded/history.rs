//! What the store's history says: under which map each commit was made, and whether its writer owned the key then.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use serde::Deserialize;
use trimtab_backend::{
    Backend as _, FeedItem, Index, KindName, Memory, Part, Position, Record, RecordChange, Scope,
};
use trimtab_store::Key;
use twox_hash::XxHash3_64;

use super::Done;

#[derive(Deserialize)]
struct Map {
    members: Vec<Member>,
}

#[derive(Clone, Deserialize)]
struct Member {
    lease: String,
    holder: String,
}

/// All that was ever written of a kind, in order.
async fn records(memory: &Memory, kind: &str) -> Vec<Record> {
    let (now, _) = memory.read(&[]).await.expect("open");
    let start = Position { index: Index::ZERO, ..now };
    let mut feed =
        memory.follow(Scope::Kind(KindName::new(kind)), Some(start)).await.expect("a full history");
    let mut records = Vec::new();
    // What has happened is there at once; only what is yet to happen is waited for.
    while let Poll::Ready(item) = pin!(feed.next()).poll(&mut Context::from_waker(Waker::noop())) {
        match item.expect("memory goes on") {
            FeedItem::Batch { changes, .. } => {
                records.extend(changes.iter().filter_map(|change| match change {
                    RecordChange::Put(record) => Some(record.clone()),
                    RecordChange::Delete { .. } => None,
                }));
            }
            other => panic!("the history begins anew: {other:?}"),
        }
    }
    records
}

/// The rule as it is documented, written a second time.
fn owner<'a>(members: &'a [Member], key: &Key) -> Option<&'a Member> {
    let path = format!("{}/{}/{}/{}", key.kind(), key.partition(), key.namespace(), key.name());
    let weight = |member: &&Member| {
        let seed = XxHash3_64::oneshot(member.lease.as_bytes());
        XxHash3_64::oneshot_with_seed(seed, path.as_bytes())
    };
    members.iter().max_by_key(weight)
}

/// Checks each status that was written: by whoever owned its key by the map that stood then. Gives how many there were, and how many maps.
pub(crate) async fn check(memory: &Memory) -> (usize, usize) {
    let maps: BTreeMap<Index, Vec<Member>> = records(memory, "trimtab.group")
        .await
        .iter()
        .filter(|record| record.part == Part::Spec)
        .map(|record| {
            let map: Map = serde_json::from_slice(Record::payload_of(&record.value)).expect("a map");
            (record.version, map.members)
        })
        .collect();
    let mut commits = 0;
    for record in records(memory, "job").await.iter().filter(|record| record.part == Part::Status) {
        let done: Done = serde_json::from_slice(Record::payload_of(&record.value)).expect("a status");
        let (version, members) = maps.range(..record.version).next_back().expect("a map stood");
        let owner = owner(members, &record.key).expect("somebody");
        assert_eq!(owner.holder, done.by, "{} at {} under the map of {version}", record.key, record.version);
        assert!(done.epoch <= version.get());
        commits += 1;
    }
    (commits, maps.len())
}
