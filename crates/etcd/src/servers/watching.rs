//! A watch on one range, on a connection of its own.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::mpsc;
use tonic::Streaming;
use trimtab_seams::{Instant, Seams};

use super::call::{self, Method};
use super::{Ordering, Servers};
use crate::answer::Answer;
use crate::deadline::before;
use crate::layout::Range;
use crate::proto::{WatchCreateRequest, WatchProgressRequest, WatchRequest, WatchResponse, watch_request};

/// How often progress is asked for while nothing is told.
const PROGRESS: Duration = Duration::from_secs(1);
/// After this long without a word the watch counts as dead (contract F8): a server without quorum, or a way that swallows everything, is silent.
const SILENCE: Duration = Duration::from_secs(5);

/// The responses of a watch, until it fails.
pub(crate) struct Watching {
    responses: Streaming<WatchResponse>,
    requests: mpsc::Sender<WatchRequest>,
    seams: Seams,
}

impl Servers {
    /// Watches a range from a revision on, in fragments: a message must not grow with what a follower missed (contract E10).
    pub(crate) async fn watch(
        &self,
        (key, range_end): Range,
        start_revision: i64,
    ) -> Result<Watching, Answer> {
        let create = WatchCreateRequest { key, range_end, start_revision, fragment: true };
        let mut answer = Answer::late(self.timeout);
        for _ in 0..self.list.len() {
            let current = self.current.load(Ordering::Relaxed);
            let opened = before(self.seams.sleep(self.timeout), self.open(current, create.clone())).await;
            match opened.unwrap_or_else(|| Err(Answer::late(self.timeout))) {
                Ok(watching) => return Ok(watching),
                Err(refused) => answer = refused,
            }
            if !matches!(answer, Answer::NotSent(_) | Answer::NoLeader | Answer::Open(_)) {
                break;
            }
            self.leave(current);
        }
        Err(answer)
    }

    async fn open(&self, current: usize, create: WatchCreateRequest) -> Result<Watching, Answer> {
        let server = &self.list[current % self.list.len()];
        let token = match &self.credentials {
            Some(credentials) => credentials.token(server).await?,
            None => None,
        };
        // One question for progress may wait to be sent; more would say the same.
        let (requests, waiting) = mpsc::channel(2);
        let create = watch_request::RequestUnion::CreateRequest(create);
        let sent = requests.try_send(WatchRequest { request_union: Some(create) });
        debug_assert!(sent.is_ok(), "there is room for the first");
        let channel = server.another_channel();
        let stream = Method::WATCH.stream(&channel, call::request(Requests(waiting), token.as_ref()));
        let responses = stream.await.map_err(|status| {
            let answer = Answer::of(&status);
            if answer == Answer::Token
                && let Some(credentials) = &self.credentials
            {
                credentials.forget(token.as_ref());
            }
            answer
        })?;
        Ok(Watching { responses, requests, seams: self.seams.clone() })
    }
}

impl Watching {
    /// The next response. Asks for progress while there is none.
    pub(crate) async fn next(&mut self) -> Result<WatchResponse, Answer> {
        let end = self.seams.now() + SILENCE;
        loop {
            let alarm = self.seams.sleep_until(end.min(self.seams.now() + PROGRESS));
            match before(alarm, self.responses.message()).await {
                Some(Ok(Some(response))) => return Ok(response),
                Some(Ok(None)) => return Err(Answer::Open("the server ended the watch".into())),
                Some(Err(status)) => return Err(Answer::of(&status)),
                None => self.ask_for_progress(end)?,
            }
        }
    }

    fn ask_for_progress(&self, end: Instant) -> Result<(), Answer> {
        if self.seams.now() >= end {
            return Err(Answer::Open(format!("nothing was heard for {SILENCE:?}")));
        }
        let progress = watch_request::RequestUnion::ProgressRequest(WatchProgressRequest {});
        // When there is no room, one is on its way already.
        let _sent = self.requests.try_send(WatchRequest { request_union: Some(progress) });
        Ok(())
    }
}

/// The requests of a watch as they are made.
struct Requests(mpsc::Receiver<WatchRequest>);

impl Stream for Requests {
    type Item = WatchRequest;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WatchRequest>> {
        self.0.poll_recv(cx)
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watching")
    }
}
