//! A store in miniature: records in a map, conditions judged, one commit after another. It stands in for backend, follower and door, so
//! that what writes mean can be tested as plain functions.
//!
//! Every commit checks one law by itself: what a transaction said it would make of an entry is what its records then decode to.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trimtab_backend::{
    Expect, Index, Invalid, Key, Limits, Operation, Part, Record, Tenancy, Transaction, Uid,
};
use trimtab_store::{Basis, Entry, IntoWrites, Kind, Resolved, Typed, Write};

/// What became of a commit.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    /// There was nothing to send.
    Nothing,
    /// The conditions held, and nothing was to be written.
    Unchanged,
    /// Written at this index.
    At(u64),
    /// These conditions did not hold.
    Conflict(Vec<(String, Part)>),
    /// Refused before sending: the field, and the whole text.
    Invalid(&'static str, String),
}

#[derive(Default)]
pub(crate) struct Shelf {
    records: BTreeMap<(Key, Part), Record>,
    pub(crate) index: u64,
    uids: Cell<u8>,
    /// Own commits: the versions they replaced, and what they left.
    own: Vec<(Entry, Entry)>,
    pub(crate) unfollowed: Option<&'static str>,
}

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

/// The wall clock of the shelf: hours since 1970, as many as commits.
pub(crate) fn time(index: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + HOUR * u32::try_from(index).expect("few commits")
}

impl Shelf {
    /// The entry of this key as it is.
    pub(crate) fn entry(&self, key: &Key) -> Option<Entry> {
        let part = |part| self.records.get(&(key.clone(), part)).cloned();
        Some(
            Entry::from_records(part(Part::Spec)?, part(Part::Status))
                .expect("the shelf holds what was encoded"),
        )
    }

    /// The entry of this kind and name in the default tenancy.
    pub(crate) fn get<K: Kind>(&self, name: &str) -> Typed<K> {
        self.entry(&Key::new(K::KIND, name)).expect("it is there").typed().expect("it is of its kind")
    }

    /// The transaction that these writes come to.
    pub(crate) fn resolve(&self, writes: impl IntoWrites) -> Result<Resolved, Invalid> {
        let rebased = |read: &Entry| {
            let replaced = |base: &Entry| base.key() == read.key() && base == read;
            let mut now = None;
            for (base, left) in &self.own {
                if now.as_ref().map_or_else(|| replaced(base), |now| now == base) {
                    now = Some(left.clone());
                }
            }
            now
        };
        let uid = || {
            self.uids.set(self.uids.get() + 1);
            Uid::from_random([self.uids.get(); 16])
        };
        let basis = Basis {
            home: &Tenancy::default(),
            limits: &Limits::PORTABLE,
            now: time(self.index),
            current: &|key| self.entry(key),
            rebase: &rebased,
            follows: &|kind| self.unfollowed != Some(kind.as_str()),
            uid: &uid,
        };
        Write::resolve(writes, &basis)
    }

    /// Commits as somebody who keeps no memory of it.
    pub(crate) fn commit(&mut self, writes: impl IntoWrites) -> Answer {
        self.committing(writes, false)
    }

    /// Commits as the run that will go on: what it has read stays good to write from.
    pub(crate) fn commit_own(&mut self, writes: impl IntoWrites) -> Answer {
        self.committing(writes, true)
    }

    fn committing(&mut self, writes: impl IntoWrites, own: bool) -> Answer {
        let resolved = match self.resolve(writes) {
            Ok(resolved) => resolved,
            Err(invalid) => return Answer::Invalid(invalid.field, invalid.to_string()),
        };
        if resolved.is_empty() {
            return Answer::Nothing;
        }
        let failed = self.failed(&resolved.transaction);
        if !failed.is_empty() {
            return Answer::Conflict(failed);
        }
        if resolved.transaction.operations.is_empty() {
            return Answer::Unchanged;
        }
        self.index += 1;
        let before: Vec<_> = resolved.touched.iter().map(|touched| self.entry(touched.key())).collect();
        for operation in resolved.transaction.operations {
            self.apply(operation);
        }
        for (touched, before) in resolved.touched.iter().zip(before) {
            let now = self.entry(touched.key());
            if touched.before() == before.as_ref() {
                assert_eq!(touched.at(Index::new(self.index)), now, "what was told is what is there");
            }
            if let (true, Some(before), Some(now)) = (own, before, now) {
                self.own.push((before, now));
            }
        }
        Answer::At(self.index)
    }

    fn failed(&self, transaction: &Transaction) -> Vec<(String, Part)> {
        let holds = |key: &Key, part, expect: Expect| expect.holds(self.records.get(&(key.clone(), part)));
        let failed = transaction.conditions().filter(|(key, part, expect)| !holds(key, *part, *expect));
        failed.map(|(key, part, _)| (key.to_string(), part)).collect()
    }

    fn apply(&mut self, operation: Operation) {
        let version = Index::new(self.index);
        match operation {
            Operation::Put { key, part, value, .. } => {
                let created = self.records.get(&(key.clone(), part)).map_or(version, |had| had.created);
                let record = Record { key: key.clone(), part, value, created, version };
                self.records.insert((key, part), record);
            }
            Operation::Delete { key, .. } => {
                self.records.remove(&(key.clone(), Part::Spec));
                self.records.remove(&(key, Part::Status));
            }
        }
    }

    /// Puts a record there as some other program would.
    pub(crate) fn plant(&mut self, key: &Key, part: Part, value: &str) {
        self.index += 1;
        self.apply(Operation::Put {
            key: key.clone(),
            part,
            value: value.to_owned().into(),
            expect: Expect::Anything,
        });
    }

    /// What the spec record of this entry holds, header line and payload.
    pub(crate) fn spec_lines(&self, key: &Key) -> (Value, String) {
        lines(&self.records[&(key.clone(), Part::Spec)])
    }
}

/// Header and payload of a record.
pub(crate) fn lines(record: &Record) -> (Value, String) {
    let text = String::from_utf8(record.value.to_vec()).expect("text");
    let (header, payload) = text.split_once('\n').expect("a header line");
    (serde_json::from_str(header).expect("a header of JSON"), payload.into())
}

/// A kind as an author would write it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Site {
    pub(crate) host: String,
    #[serde(default)]
    pub(crate) ports: Vec<Port>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Port {
    pub(crate) number: u16,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SiteStatus {
    #[serde(default)]
    pub(crate) serving: bool,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) notes: Map<String, Value>,
}

impl Kind for Site {
    const KIND: &'static str = "site";
    type Status = SiteStatus;

    fn normalize(&mut self) {
        self.host.make_ascii_lowercase();
    }

    fn validate(&self) -> Result<(), Invalid> {
        if self.host.is_empty() { Err(Invalid::new("spec.host", "must not be empty")) } else { Ok(()) }
    }
}

pub(crate) fn site(host: &str) -> Site {
    Site { host: host.into(), ports: Vec::new() }
}

/// A shelf with one site.
pub(crate) fn with_site(name: &str, host: &str) -> Shelf {
    let mut shelf = Shelf::default();
    assert_eq!(shelf.commit(site(host).named(name).create()), Answer::At(1));
    shelf
}

/// That the half of the site `blog` was not as expected.
pub(crate) fn conflict(part: Part) -> Answer {
    Answer::Conflict(vec![("site/blog".into(), part)])
}

/// Field and text of a refusal.
pub(crate) fn invalid(answer: &Answer) -> (&'static str, &str) {
    match answer {
        Answer::Invalid(field, text) => (field, text),
        other => panic!("expected invalid, got {other:?}"),
    }
}
