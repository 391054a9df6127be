//! Events as tests of the checks make them up, a second each.

use crate::fault::{Fault, Happening};
use crate::history::{Change, Member, What};
use crate::journal::{Line, Word};
use crate::time::Moment;

pub(super) fn second(n: u64) -> Moment {
    Moment(n * 1000)
}

/// A commit, seen in the second of its index.
pub(super) fn commit(index: u64, what: What) -> Change {
    Change { index, seen: second(index), what }
}

pub(super) fn declared(index: u64, kind: &str, value: u64) -> Change {
    let (kind, name) = (kind.into(), "x".into());
    commit(index, What::Declared { kind, name, value, generation: value })
}

pub(super) fn applied(index: u64, kind: &str, value: u64, epoch: u64, replica: &str) -> Change {
    let (kind, name, replica) = (kind.into(), "x".into(), replica.into());
    commit(index, What::Applied { kind, name, value, observed: value, epoch, replica })
}

pub(super) fn held(index: u64, lease: &str, replica: Option<&str>) -> Change {
    commit(index, What::Held { lease: lease.into(), replica: replica.map(Into::into) })
}

/// A map of a group whose members have leases of their own names.
pub(super) fn mapped(index: u64, group: &str, members: &[&str]) -> Change {
    let member = |name: &&str| Member { lease: format!("{group}.{name}"), replica: (*name).into() };
    commit(index, What::Mapped { group: group.into(), members: members.iter().map(member).collect() })
}

pub(super) fn adopted(index: u64, group: &str, versions: &[(&str, u64)]) -> Change {
    let version = |(name, version): &(&str, u64)| (format!("{group}.{name}"), *version);
    commit(index, What::Adopted { group: group.into(), versions: versions.iter().map(version).collect() })
}

/// A line about entry `x`, whose generation is its value.
pub(super) fn line(word: Word, at: u64, replica: &str, kind: &str, epoch: u64, value: u64) -> Line {
    let (replica, kind, name) = (replica.into(), kind.into(), "x".into());
    Line { word, at: second(at), replica, kind, name, epoch, generation: value, value }
}

pub(super) fn fault(what: Happening, life: &str, from: u64, until: u64) -> Fault {
    Fault { what, life: Some(life.into()), member: None, from: second(from), until: second(until) }
}
