//! etcd's messages, and the few words in which this crate makes them.

#[expect(
    clippy::enum_variant_names,
    clippy::pedantic,
    unreachable_pub,
    reason = "made by a program; what the messages mean stands in etcd's own documents"
)]
mod etcdserverpb;

use bytes::Bytes;

pub(crate) use etcdserverpb::*;

impl RangeRequest {
    /// One key.
    pub(crate) fn of(key: Bytes) -> Self {
        Self { key, ..Self::default() }
    }

    /// All keys from one to before another.
    pub(crate) fn between(key: Bytes, range_end: Bytes) -> Self {
        Self { key, range_end, ..Self::default() }
    }
}

impl From<RangeRequest> for RequestOp {
    fn from(range: RangeRequest) -> Self {
        Self { request: Some(request_op::Request::RequestRange(range)) }
    }
}

impl From<PutRequest> for RequestOp {
    fn from(put: PutRequest) -> Self {
        Self { request: Some(request_op::Request::RequestPut(put)) }
    }
}

impl From<DeleteRangeRequest> for RequestOp {
    fn from(delete: DeleteRangeRequest) -> Self {
        Self { request: Some(request_op::Request::RequestDeleteRange(delete)) }
    }
}

impl Compare {
    /// The key was last written by this revision.
    pub(crate) fn written_at(key: Bytes, revision: i64) -> Self {
        let target_union = Some(compare::TargetUnion::ModRevision(revision));
        Self { key, target: compare::CompareTarget::Mod.into(), target_union, ..Self::default() }
    }

    /// The key is not there.
    pub(crate) fn absent(key: Bytes) -> Self {
        let target_union = Some(compare::TargetUnion::CreateRevision(0));
        Self { key, target: compare::CompareTarget::Create.into(), target_union, ..Self::default() }
    }

    /// The key holds these bytes.
    pub(crate) fn holds(key: Bytes, value: Bytes) -> Self {
        let target_union = Some(compare::TargetUnion::Value(value));
        Self { key, target: compare::CompareTarget::Value.into(), target_union, ..Self::default() }
    }
}

impl RangeResponse {
    /// The revision of the store when it was answered.
    pub(crate) fn revision(&self) -> i64 {
        self.header.map_or(0, |header| header.revision)
    }
}

impl TxnResponse {
    /// The revision of the store when it was answered: of the transaction itself when it wrote.
    pub(crate) fn revision(&self) -> i64 {
        self.header.map_or(0, |header| header.revision)
    }

    /// What each of its reads found, in their order.
    pub(crate) fn found(self) -> impl Iterator<Item = Vec<KeyValue>> {
        self.responses.into_iter().filter_map(|response| match response.response {
            Some(response_op::Response::ResponseRange(range)) => Some(range.kvs),
            _ => None,
        })
    }
}
