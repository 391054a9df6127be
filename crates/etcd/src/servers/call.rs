//! One call of a server.

use std::marker::PhantomData;
use std::sync::Arc;

use http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::codec::{Codec, EncodeBuf, Encoder};
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::{ProstCodec, ProstDecoder};

use super::credentials::Token;
use crate::proto::{
    AuthenticateRequest, AuthenticateResponse, RangeRequest, RangeResponse, StatusRequest, StatusResponse,
    TxnRequest, TxnResponse, WatchRequest, WatchResponse,
};

/// The largest answer that is taken: a page of a snapshot, or the records that a transaction failed on. The server sends up to 2 GiB.
const LARGEST: usize = 64 << 20;

/// A method of the server, by its path, with what it takes and gives.
#[derive(Debug)]
pub(super) struct Method<Q, R>(&'static str, PhantomData<fn(Q) -> R>);

impl<Q, R> Clone for Method<Q, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q, R> Copy for Method<Q, R> {}

impl Method<RangeRequest, RangeResponse> {
    pub(super) const RANGE: Self = Self("/etcdserverpb.KV/Range", PhantomData);
}

impl Method<TxnRequest, TxnResponse> {
    pub(super) const TXN: Self = Self("/etcdserverpb.KV/Txn", PhantomData);
}

impl Method<StatusRequest, StatusResponse> {
    pub(super) const STATUS: Self = Self("/etcdserverpb.Maintenance/Status", PhantomData);
}

impl Method<AuthenticateRequest, AuthenticateResponse> {
    pub(super) const AUTHENTICATE: Self = Self("/etcdserverpb.Auth/Authenticate", PhantomData);
}

impl Method<WatchRequest, WatchResponse> {
    pub(super) const WATCH: Self = Self("/etcdserverpb.Watch/Watch", PhantomData);
}

impl<Q, R> Method<Q, R>
where
    Q: Message + 'static,
    R: Message + Default + 'static,
{
    /// One question, one answer. The question is shared, so that asking another server the same costs no copy of it.
    pub(super) async fn call(self, channel: &Channel, request: Request<Arc<Q>>) -> Result<R, Status> {
        let mut grpc = ready(channel).await?;
        let path = PathAndQuery::from_static(self.0);
        grpc.unary(request, path, Shared(PhantomData::<fn(Q) -> R>)).await.map(Response::into_inner)
    }

    /// Questions and answers as they come.
    pub(super) async fn stream(
        self,
        channel: &Channel,
        requests: Request<impl futures_core::Stream<Item = Q> + Send + 'static>,
    ) -> Result<Streaming<R>, Status> {
        let mut grpc = ready(channel).await?;
        let path = PathAndQuery::from_static(self.0);
        grpc.streaming(requests, path, ProstCodec::<Q, R>::default()).await.map(Response::into_inner)
    }
}

/// Writes a shared message, and reads one.
struct Shared<Q, R>(PhantomData<fn(Q) -> R>);

impl<Q, R> Codec for Shared<Q, R>
where
    Q: Message + 'static,
    R: Message + Default + 'static,
{
    type Encode = Arc<Q>;
    type Decode = R;
    type Encoder = Self;
    type Decoder = ProstDecoder<R>;

    fn encoder(&mut self) -> Self {
        Self(PhantomData)
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstDecoder::default()
    }
}

impl<Q: Message, R> Encoder for Shared<Q, R> {
    type Item = Arc<Q>;
    type Error = Status;

    fn encode(&mut self, message: Arc<Q>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

async fn ready(channel: &Channel) -> Result<Grpc<Channel>, Status> {
    let mut grpc = Grpc::new(channel.clone()).max_decoding_message_size(LARGEST);
    grpc.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
    Ok(grpc)
}

/// A request with what every request carries: the demand that the server sees a leader, or it would take a write that it cannot commit
/// (contract E18), and the token.
pub(super) fn request<M>(message: M, token: Option<&Token>) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
    if let Some(token) = token {
        request.metadata_mut().insert("token", token.value());
    }
    request
}
