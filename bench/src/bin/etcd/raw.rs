//! The barest client of etcd: one connection, tonic, etcd's messages.

use http::uri::PathAndQuery;
use prost::Message;
use tokio_stream::StreamExt as _;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Streaming};
use tonic_prost::ProstCodec;
use trimtab_bench::etcdserverpb::{
    Compare, PutRequest, RangeRequest, RequestOp, TxnRequest, TxnResponse, WatchCreateRequest, WatchRequest,
    WatchResponse, compare, request_op, watch_request,
};

#[derive(Clone)]
pub(crate) struct Raw(Channel);

impl Raw {
    pub(crate) async fn connect(endpoint: &str) -> Self {
        let endpoint = Endpoint::from_shared(endpoint.to_owned()).expect("an address").tcp_nodelay(true);
        Self(endpoint.connect().await.expect("the server"))
    }

    async fn ready<Q, R>(&self) -> (Grpc<Channel>, ProstCodec<Q, R>)
    where
        Q: Message + 'static,
        R: Message + Default + 'static,
    {
        let mut grpc = Grpc::new(self.0.clone());
        grpc.ready().await.expect("a connection");
        (grpc, ProstCodec::default())
    }

    pub(crate) async fn transact(&self, transaction: TxnRequest) -> TxnResponse {
        let (mut grpc, codec) = self.ready().await;
        let path = PathAndQuery::from_static("/etcdserverpb.KV/Txn");
        grpc.unary(Request::new(transaction), path, codec).await.expect("an answer").into_inner()
    }

    /// Follows what lies under a folder, from now on.
    pub(crate) async fn watch(&self, folder: &str) -> Streaming<WatchResponse> {
        let (mut grpc, codec) = self.ready().await;
        let create = WatchCreateRequest {
            key: folder.to_owned().into(),
            // After `/` comes `0`.
            range_end: format!("{}0", folder.trim_end_matches('/')).into(),
            ..WatchCreateRequest::default()
        };
        let create = WatchRequest { request_union: Some(watch_request::RequestUnion::CreateRequest(create)) };
        let requests = tokio_stream::once(create).chain(tokio_stream::pending());
        let path = PathAndQuery::from_static("/etcdserverpb.Watch/Watch");
        grpc.streaming(Request::new(requests), path, codec).await.expect("a watch").into_inner()
    }
}

pub(crate) fn put(key: &str, value: impl Into<bytes::Bytes>) -> RequestOp {
    let put = PutRequest { key: key.to_owned().into(), value: value.into() };
    RequestOp { request: Some(request_op::Request::RequestPut(put)) }
}

pub(crate) fn get(key: &str) -> RequestOp {
    let range = RangeRequest { key: key.to_owned().into(), ..RangeRequest::default() };
    RequestOp { request: Some(request_op::Request::RequestRange(range)) }
}

/// That a key holds these bytes.
pub(crate) fn holds(key: &str, value: String) -> Compare {
    let target_union = Some(compare::TargetUnion::Value(value.into()));
    Compare {
        key: key.to_owned().into(),
        target: compare::CompareTarget::Value.into(),
        target_union,
        ..Compare::default()
    }
}

/// That a key was last written by this revision; 0: never.
pub(crate) fn written_at(key: &str, revision: i64) -> Compare {
    let target_union = Some(compare::TargetUnion::ModRevision(revision));
    Compare {
        key: key.to_owned().into(),
        target: compare::CompareTarget::Mod.into(),
        target_union,
        ..Compare::default()
    }
}

pub(crate) fn revision(response: &TxnResponse) -> i64 {
    assert!(response.succeeded, "nobody else writes here");
    response.header.expect("a header").revision
}
