//! The servers of a cluster: asked one after another until one answers.

mod call;
mod credentials;
mod server;
mod trouble;
mod watching;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use prost::Message;
use tonic::Status;
use trimtab_seams::Seams;

use crate::answer::Answer;
use crate::deadline::before;
use crate::proto::{
    RangeRequest, RangeResponse, RequestOp, StatusRequest, StatusResponse, TxnRequest, TxnResponse,
};
use call::Method;
pub(crate) use credentials::Credentials;
pub(crate) use server::{Server, Tls};
use trouble::Trouble;
pub(crate) use watching::Watching;

/// All servers, and the one that answered last.
#[derive(Debug)]
pub(crate) struct Servers {
    list: Vec<Server>,
    current: AtomicUsize,
    credentials: Option<Credentials>,
    timeout: Duration,
    seams: Seams,
    trouble: Trouble,
}

/// How many times as long as another request a page may take.
const PAGE: u32 = 6;

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeat {
    /// It changes nothing, or what it changes it changes once.
    Freely,
    /// Only when it was certainly not applied.
    UnlessSent,
}

impl Servers {
    pub(crate) fn new(
        list: Vec<Server>,
        credentials: Option<Credentials>,
        timeout: Duration,
        seams: Seams,
    ) -> Self {
        Self { list, current: AtomicUsize::new(0), credentials, timeout, seams, trouble: Trouble::default() }
    }

    pub(crate) const fn seams(&self) -> &Seams {
        &self.seams
    }

    /// What is in the way at present, for people.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.told()
    }

    pub(crate) fn list(&self) -> &[Server] {
        &self.list
    }

    /// Reads a range, linearizably.
    pub(crate) async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Answer> {
        self.ask(Method::RANGE, request, Repeat::Freely).await
    }

    /// Reads a page of many records, which may take a slow network longer than one answer.
    pub(crate) async fn page(&self, request: RangeRequest) -> Result<RangeResponse, Answer> {
        self.ask_within(self.timeout * PAGE, Method::RANGE, request, Repeat::Freely).await
    }

    /// Reads several ranges at one revision, linearizably.
    pub(crate) async fn ranges(&self, ranges: Vec<RangeRequest>) -> Result<TxnResponse, Answer> {
        let success = ranges.into_iter().map(RequestOp::from).collect();
        self.ask(Method::TXN, TxnRequest { success, ..TxnRequest::default() }, Repeat::Freely).await
    }

    /// A transaction that writes: sent to a second server only when the first has certainly not taken it.
    pub(crate) async fn write(&self, request: TxnRequest) -> Result<TxnResponse, Answer> {
        let answer = self.ask(Method::TXN, request, Repeat::UnlessSent).await;
        if answer.is_ok() {
            self.trouble.has_space();
        }
        answer
    }

    /// A transaction that writes nothing, or that does the same when it is sent twice.
    pub(crate) async fn repeatable(&self, request: TxnRequest) -> Result<TxnResponse, Answer> {
        self.ask(Method::TXN, request, Repeat::Freely).await
    }

    /// What one server says of itself.
    pub(crate) async fn status(&self, server: &Server) -> Result<StatusResponse, Answer> {
        self.ask_one(server, Method::STATUS, Arc::new(StatusRequest {}), self.timeout).await
    }

    /// Asks within the time for one request.
    async fn ask<Q, R>(&self, method: Method<Q, R>, request: Q, repeat: Repeat) -> Result<R, Answer>
    where
        Q: Message + 'static,
        R: Message + Default + 'static,
    {
        self.ask_within(self.timeout, method, request, repeat).await
    }

    /// Asks the server that answered last, then the others.
    async fn ask_within<Q, R>(
        &self,
        time: Duration,
        method: Method<Q, R>,
        request: Q,
        repeat: Repeat,
    ) -> Result<R, Answer>
    where
        Q: Message + 'static,
        R: Message + Default + 'static,
    {
        let (request, end) = (Arc::new(request), self.seams.now() + time);
        let (mut answer, mut tried) = (Answer::late(time), Vec::new());
        for others in (0..self.list.len()).rev() {
            let left = end.since(self.seams.now());
            if left.is_zero() {
                break;
            }
            // One that hangs must leave time for the others, where there are others and they may be asked.
            let within = if repeat == Repeat::Freely && others > 0 { left / 2 } else { left };
            let current = self.current.load(Ordering::Relaxed);
            let server = &self.list[current % self.list.len()];
            match self.ask_one(server, method, Arc::clone(&request), within).await {
                Ok(response) => {
                    self.trouble.answered();
                    return Ok(response);
                }
                Err(refused) => answer = refused,
            }
            tried.extend(answer.trouble().map(|what| format!("`{}`: {what}", server.address())));
            match answer {
                Answer::NotSent(_) | Answer::NoLeader => self.leave(current),
                Answer::Open(_) | Answer::NotEtcd(_) => {
                    self.leave(current);
                    if repeat == Repeat::UnlessSent {
                        break;
                    }
                }
                _ => break,
            }
        }
        self.trouble.refused(&answer, &tried);
        Err(answer)
    }

    /// Asks for a new token before the next request.
    pub(crate) fn forget_token(&self) {
        if let Some(credentials) = &self.credentials {
            credentials.forget_any();
        }
    }

    /// Goes on to the next server, unless somebody has done so already.
    fn leave(&self, current: usize) {
        let next = (current + 1) % self.list.len();
        let _moved = self.current.compare_exchange(current, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Asks one server; once more with a new token when the old one is no longer good.
    async fn ask_one<Q, R>(
        &self,
        server: &Server,
        method: Method<Q, R>,
        request: Arc<Q>,
        within: Duration,
    ) -> Result<R, Answer>
    where
        Q: Message + 'static,
        R: Message + Default + 'static,
    {
        let asked = async {
            let Some(credentials) = &self.credentials else {
                return self.send(server, method, request, None).await;
            };
            let token = credentials.token(server).await?;
            match self.send(server, method, Arc::clone(&request), token.clone()).await {
                Err(Answer::Token) => {
                    credentials.forget(token.as_ref());
                    let token = credentials.token(server).await?;
                    self.send(server, method, request, token).await
                }
                answer => answer,
            }
        };
        before(self.seams.sleep(within), asked).await.unwrap_or_else(|| Err(Answer::late(within)))
    }

    async fn send<Q, R>(
        &self,
        server: &Server,
        method: Method<Q, R>,
        request: Arc<Q>,
        token: Option<credentials::Token>,
    ) -> Result<R, Answer>
    where
        Q: Message + 'static,
        R: Message + Default + 'static,
    {
        // tonic's future is several kilobytes, and would be so in every future that ends here.
        let call = Box::pin(method.call(server.channel(), call::request(request, token.as_ref())));
        let sent: Result<R, Status> = call.await;
        sent.map_err(|status| Answer::of(&status))
    }
}
