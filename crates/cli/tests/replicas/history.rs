//! The store's history: every commit of Trimtab to what is looked at, as followers of the store see it.
//!
//! They follow from before the first write, past the proxies, and so miss nothing: etcd tells every revision from where they were, and Consul every commit by
//! its ring. Should one have to begin anew all the same, there is a hole, and a test of a history with holes has failed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use trimtab::backend::{
    AnyBackend, Backend as _, FeedItem, KindName, Part, Position, Record, RecordChange, ResetReason, Scope,
};
use trimtab::seams::Seams;

use crate::time::Moment;

/// One change, of those that a commit made.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    /// Of the commit.
    pub(crate) index: u64,
    /// When a follower was told; the commit was a little before.
    pub(crate) seen: Moment,
    pub(crate) what: What,
}

/// A member of a group that shares keys out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) lease: String,
    pub(crate) replica: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// The spec of an entry was written.
    Declared {
        kind: String,
        name: String,
        value: u64,
        generation: u64,
    },
    /// The status of an entry was written. `replica` and `epoch` are those of the run that did it.
    Applied {
        kind: String,
        name: String,
        value: u64,
        observed: u64,
        epoch: u64,
        replica: String,
    },
    /// The epoch record of a lease was written; by nobody: it was given back.
    Held {
        lease: String,
        replica: Option<String>,
    },
    /// A lease was renewed.
    Renewed {
        lease: String,
    },
    /// The map of a group was written.
    Mapped {
        group: String,
        members: Vec<Member>,
    },
    /// Members of a group have adopted these versions of its map, by their leases.
    Adopted {
        group: String,
        versions: BTreeMap<String, u64>,
    },
    Deleted {
        kind: String,
        name: String,
    },
}

#[derive(Clone, Debug, Default)]
struct Told {
    changes: Vec<Change>,
    holes: Vec<String>,
}

/// What has been told up to now.
#[derive(Clone, Debug, Default)]
pub(crate) struct History(Arc<Mutex<Told>>);

impl History {
    /// Follows these kinds of entries, and leases and groups, in tasks of their own.
    pub(crate) fn follow(backend: &AnyBackend, kinds: &[&str], seams: &Seams) -> Self {
        let history = Self::default();
        for kind in kinds.iter().chain(&["trimtab.lease", "trimtab.group"]) {
            let (backend, scope) = (backend.clone(), Scope::Kind(KindName::new(kind)));
            seams.spawn("history", history.clone().listen(backend, scope, seams.clone()));
        }
        history
    }

    async fn listen(self, backend: AnyBackend, scope: Scope, seams: Seams) {
        let mut from: Option<Position> = None;
        loop {
            if let Ok(mut feed) = backend.follow(scope.clone(), from).await {
                while let Ok(item) = feed.next().await {
                    if let Some(position) = self.take(&scope, item) {
                        from = Some(position);
                    }
                }
            }
            seams.sleep(Duration::from_millis(50)).await;
        }
    }

    fn take(&self, scope: &Scope, item: FeedItem) -> Option<Position> {
        let seen = Moment::now();
        let mut told = self.0.lock();
        let put = |record: &Record| Change { index: record.version.get(), seen, what: read(record) };
        match item {
            FeedItem::Reset { why: ResetReason::First } => {}
            FeedItem::Reset { why } => told.holes.push(format!("{seen}: {scope:?} begins anew: {why:?}")),
            FeedItem::Chunk(records) => told.changes.extend(records.iter().map(put)),
            FeedItem::Synced(position) => return Some(position),
            FeedItem::Batch { upto, changes, .. } => {
                told.changes.extend(changes.iter().map(|change| match change {
                    RecordChange::Put(record) => put(record),
                    RecordChange::Delete { key, .. } => {
                        let what = What::Deleted { kind: key.kind().into(), name: key.name().into() };
                        Change { index: upto.index.get(), seen, what }
                    }
                }));
                return Some(upto);
            }
        }
        None
    }

    /// All changes, in the order of their commits.
    pub(crate) fn changes(&self) -> Vec<Change> {
        let mut changes = self.0.lock().changes.clone();
        changes.sort_by_key(|change| change.index);
        changes
    }

    /// Where something may be missing.
    pub(crate) fn holes(&self) -> Vec<String> {
        self.0.lock().holes.clone()
    }

    /// Who holds a lease now, as far as was told.
    pub(crate) fn holder(&self, lease: &str) -> Option<String> {
        let told = self.0.lock();
        let held = told.changes.iter().filter_map(|change| match &change.what {
            What::Held { lease: held, replica } if held == lease => Some((change.index, replica)),
            _ => None,
        });
        held.max_by_key(|(index, _)| *index)?.1.clone()
    }
}

/// What a record says. Nothing but ours is there, so that all of it can be read.
fn read(record: &Record) -> What {
    let (kind, name) = (record.key.kind().to_owned(), record.key.name().to_owned());
    let split = record.value.iter().position(|&byte| byte == b'\n').expect("a header");
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON");
    let (header, payload) = (json(&record.value[..split]), json(&record.value[split + 1..]));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let number = |value: &Value| value.as_u64().expect("a number");
    match (&*kind, record.part) {
        ("trimtab.lease", Part::Spec) => What::Held { lease: name, replica: text(&payload["holder"]) },
        ("trimtab.lease", Part::Status) => What::Renewed { lease: name },
        ("trimtab.group", Part::Spec) => {
            let member = |member: &Value| Member {
                lease: text(&member["lease"]).expect("a lease"),
                replica: text(&member["holder"]).expect("a name"),
            };
            let members = payload["members"].as_array().expect("members").iter().map(member).collect();
            What::Mapped { group: name, members }
        }
        ("trimtab.group", Part::Status) => {
            let versions = payload["adopted"].as_object().expect("versions");
            let versions = versions.iter().map(|(lease, version)| (lease.clone(), number(version))).collect();
            What::Adopted { group: name, versions }
        }
        (_, Part::Spec) => {
            let (value, generation) = (number(&payload["value"]), number(&header["generation"]));
            What::Declared { kind, name, value, generation }
        }
        (_, Part::Status) => What::Applied {
            kind,
            name,
            value: number(&payload["value"]),
            observed: number(&header["observed_generation"]),
            epoch: number(&payload["epoch"]),
            replica: text(&payload["replica"]).expect("a name"),
        },
    }
}
