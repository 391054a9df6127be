//! What the two records of a group say.
//!
//! They are the records of an entry like any other, so that tools that read entries read groups too. The header line that is there is kept as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trimtab_backend::{Index, Record, Uid};
use trimtab_seams::Seams;
use trimtab_store::Timestamp;

use super::{Map, Member};

#[derive(Serialize, Deserialize)]
struct Spec {
    members: Vec<Place>,
}

/// A member as it is written.
#[derive(Serialize, Deserialize)]
struct Place {
    lease: String,
    holder: String,
    epoch: u64,
}

impl From<Member> for Place {
    fn from(Member { lease, holder, epoch }: Member) -> Self {
        Self { lease, holder, epoch: epoch.get() }
    }
}

impl From<Place> for Member {
    fn from(Place { lease, holder, epoch }: Place) -> Self {
        Self { lease, holder, epoch: Index::new(epoch) }
    }
}

/// Which version of the map each member has adopted, by its lease.
#[derive(Default, Serialize, Deserialize)]
struct Status {
    adopted: BTreeMap<String, u64>,
}

/// The header line of a group's spec record.
#[derive(Clone, Debug)]
pub(super) struct Header {
    line: String,
    uid: Uid,
}

impl Header {
    /// That of a group which had no member before.
    pub(super) fn born(seams: &Seams) -> Self {
        let (uid, created_at) = (Uid::from_random(seams.random_bytes()), Timestamp::from(seams.wall()));
        let line = format!("{{\"f\":1,\"uid\":\"{uid}\",\"generation\":1,\"created_at\":\"{created_at}\"}}");
        Self { line, uid }
    }

    fn of(record: &Record) -> Option<Self> {
        let line = std::str::from_utf8(record.value.split(|&byte| byte == b'\n').next()?).ok()?;
        let uid = line.split_once("\"uid\":\"")?.1.get(..36)?.parse().ok()?;
        Some(Self { line: line.into(), uid })
    }

    fn over<T: Serialize>(header: &str, payload: &T) -> String {
        format!("{header}\n{}", serde_json::to_string(payload).expect("names and numbers"))
    }

    /// The value of the spec record.
    pub(super) fn spec(&self, members: Vec<Member>) -> String {
        Self::over(&self.line, &Spec { members: members.into_iter().map(Place::from).collect() })
    }

    /// The value of the status record.
    pub(super) fn status(&self, adopted: &BTreeMap<String, Index>) -> String {
        let uid = self.uid;
        let adopted = adopted.iter().map(|(lease, version)| (lease.clone(), version.get())).collect();
        Self::over(&format!("{{\"f\":1,\"uid\":\"{uid}\",\"observed_generation\":1}}"), &Status { adopted })
    }
}

/// The map that a spec record holds, and its header line.
pub(super) fn read_spec(record: &Record) -> Result<(Map, Header), String> {
    let header = Header::of(record).ok_or("its header names no uid")?;
    let spec: Spec =
        serde_json::from_slice(Record::payload_of(&record.value)).map_err(|error| error.to_string())?;
    Ok((Map::new(record.version, spec.members.into_iter().map(Member::from).collect()), header))
}

/// What a status record says was adopted; what cannot be read says nothing.
pub(super) fn read_status(record: &Record) -> BTreeMap<String, Index> {
    let status: Status = serde_json::from_slice(Record::payload_of(&record.value)).unwrap_or_default();
    status.adopted.into_iter().map(|(lease, version)| (lease, Index::new(version))).collect()
}
