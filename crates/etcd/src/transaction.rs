//! What a transaction of the contract is in etcd's words, and what its answer says. Pure: no server is asked here.

use bytes::Bytes;
use trimtab_backend::{Expect, Failed, Found, Index, Key, Operation, Part, Record, Transaction};

use crate::identity::Identity;
use crate::lanes::{Lane, Mark};
use crate::layout::Layout;
use crate::proto::{
    Compare, DeleteRangeRequest, KeyValue, PutRequest, RangeRequest, RequestOp, TxnRequest, TxnResponse,
};

/// One etcd transaction: the store is the one we know, every condition holds, the lane has not moved; then every operation, and a mark in the
/// lane. The other branch reads what the conditions are about, so that a conflict tells what is there.
pub(crate) fn request(
    layout: &Layout,
    transaction: &Transaction,
    identity: &Identity,
    lane: Option<(&Lane, Option<Mark>)>,
) -> TxnRequest {
    let mut request = TxnRequest::default();
    for check in &transaction.checks {
        guard(&mut request, &layout.record(&check.key, check.part), check.expect);
    }
    for operation in &transaction.operations {
        let (key, part, expect) = operation.condition();
        let path = layout.record(key, part);
        guard(&mut request, &path, expect);
        request.success.push(write(layout, operation, path));
    }
    let meta = layout.meta();
    request.compare.push(Compare::holds(meta.clone(), identity.meta.clone()));
    request.failure.push(RangeRequest::of(meta).into());
    if let Some((lane, mark)) = lane {
        request.compare.push(Compare::written_at(lane.key.clone(), lane.version));
        request.failure.push(RangeRequest::of(lane.key.clone()).into());
        request
            .success
            .extend(mark.map(|mark| PutRequest { key: lane.key.clone(), value: mark.value() }.into()));
    }
    request
}

/// A condition, if it is worth asking about.
fn guard(request: &mut TxnRequest, path: &Bytes, expect: Expect) {
    request.compare.push(match expect {
        Expect::At(version) => Compare::written_at(path.clone(), revision(version)),
        Expect::Absent => Compare::absent(path.clone()),
        Expect::Anything => return,
    });
    request.failure.push(RangeRequest::of(path.clone()).into());
}

/// The conditions that are worth asking about, in their order.
fn guards(transaction: &Transaction) -> impl Iterator<Item = (&Key, Part, Expect)> {
    transaction.conditions().filter(|(.., expect)| *expect != Expect::Anything)
}

fn write(layout: &Layout, operation: &Operation, path: Bytes) -> RequestOp {
    match operation {
        Operation::Put { value, .. } => PutRequest { key: path, value: value.clone() }.into(),
        Operation::Delete { key, .. } => {
            let (key, range_end) = layout.halves(key);
            DeleteRangeRequest { key, range_end }.into()
        }
    }
}

/// Why a transaction did not commit.
#[derive(Debug, PartialEq)]
pub(crate) struct Refused {
    /// The conditions that did not hold.
    pub(crate) failed: Vec<Failed>,
    /// Whether the store is still the one we know.
    pub(crate) same_store: bool,
    /// Whether the lane stands where it stood.
    pub(crate) lane_stands: bool,
}

/// Reads the answer of a transaction whose comparisons did not all hold.
pub(crate) fn refused(
    transaction: &Transaction,
    identity: &Identity,
    lane: Option<&Lane>,
    response: TxnResponse,
) -> Refused {
    let mut found = response.found().map(|mut found| found.pop());
    let mut failed = Vec::new();
    for (key, part, expected) in guards(transaction) {
        let found = found.next().flatten().map(|found| record(key.clone(), part, found));
        if !expected.holds(found.as_ref()) {
            let found = found.map_or(Found::Absent, Found::Record);
            failed.push(Failed { key: key.clone(), part, expected, found });
        }
    }
    let meta = found.next().flatten();
    let at = found.next().flatten();
    Refused {
        failed,
        same_store: meta.is_some_and(|meta| meta.value == identity.meta),
        lane_stands: lane.is_none_or(|lane| at.is_some_and(|at| at.mod_revision == lane.version)),
    }
}

/// A record as it lies in etcd.
pub(crate) fn record(key: Key, part: Part, found: KeyValue) -> Record {
    let (created, version) = (index(found.create_revision), index(found.mod_revision));
    Record { key, part, value: found.value, created, version }
}

/// etcd counts revisions in signed numbers from 1.
pub(crate) fn index(revision: i64) -> Index {
    Index::new(u64::try_from(revision).unwrap_or(0))
}

/// The revision of an index; one that etcd never had is beyond all that it will have.
pub(crate) fn revision(index: Index) -> i64 {
    i64::try_from(index.get()).unwrap_or(i64::MAX)
}

/// The key after this one.
pub(crate) fn after(key: &[u8]) -> Bytes {
    [key, &[0]].concat().into()
}
