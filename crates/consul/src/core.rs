//! What all handles of one store share, and the requests that everything else is made of.

use hashbrown::HashSet;
use http::Method;
use parking_lot::Mutex;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use trimtab_backend::{CommitError, FollowError, Index, Invalid, KindName, Position, StoreId, Why};
use trimtab_seams::{HashState, Seams};

use crate::clean::Cleaner;
use crate::client::{Client, Question, Said};
use crate::compose::trouble;
use crate::lanes::Lanes;
use crate::layout::Layout;
use crate::settings::Settings;
use crate::wire::{Entry, Op, Trouble, TxnAnswer, body, entries, refusal, txn_answer};

pub(crate) struct Core {
    pub(crate) client: Client,
    pub(crate) layout: Layout,
    pub(crate) settings: Settings,
    pub(crate) seams: Seams,
    pub(crate) lanes: Lanes,
    pub(crate) cleaner: Cleaner,
    store: Mutex<Store>,
    /// Kinds whose sentinel this process has written.
    marked: Mutex<HashSet<KindName, HashState>>,
    closed: watch::Sender<bool>,
}

/// Which store this is, and where that stands written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Store {
    pub(crate) id: StoreId,
    pub(crate) at: Index,
}

impl Core {
    pub(crate) fn new(client: Client, layout: Layout, settings: Settings, seams: Seams) -> Self {
        let process = u128::from_be_bytes(seams.random_bytes());
        let lanes = Lanes::new(format!("{process:032x}"), settings.lanes);
        let store = Store { id: StoreId::new([0; 16]), at: Index::ZERO };
        Self {
            client,
            layout,
            settings,
            seams,
            lanes,
            cleaner: Cleaner::default(),
            store: Mutex::new(store),
            marked: Mutex::default(),
            closed: watch::Sender::new(false),
        }
    }

    pub(crate) fn store(&self) -> Store {
        *self.store.lock()
    }

    /// Another store is at the address, or the first one.
    pub(crate) fn adopt(&self, store: Store) {
        let before = std::mem::replace(&mut *self.store.lock(), store);
        if before != store {
            self.lanes.forget();
            self.marked.lock().clear();
        }
    }

    pub(crate) fn position(&self, index: Index) -> Position {
        Position { store: self.store().id, index }
    }

    pub(crate) fn marked(&self) -> &Mutex<HashSet<KindName, HashState>> {
        &self.marked
    }

    pub(crate) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
        self.client.close();
    }

    /// 128 random bits as hexadecimal digits, and the lower half of them.
    pub(crate) fn commit_id(&self) -> (String, u64) {
        let (upper, lower) = (self.seams.random(), self.seams.random());
        (format!("{upper:016x}{lower:016x}"), lower)
    }

    /// Sends a transaction that writes. Repeatable: that does nothing more the second time.
    pub(crate) async fn write(&self, operations: &[Op], repeatable: bool) -> Result<TxnAnswer, Trouble> {
        self.txn("/v1/txn", operations, repeatable).await
    }

    /// Reads all of these from one state of the store, one that no acknowledged write is missing from.
    pub(crate) async fn read(&self, operations: &[Op]) -> Result<TxnAnswer, FollowError> {
        let answer = self.txn("/v1/txn?consistent", operations, true).await.map_err(Trouble::of_a_read)?;
        match answer.errors.first() {
            None => Ok(answer),
            Some(error) => Err(match trouble(&error.what) {
                Some(CommitError::Denied { what }) => FollowError::Denied { what },
                _ => FollowError::Broken {
                    what: format!(
                        "Consul does not answer a read: {}; it must be Consul 1.14 or later",
                        error.what
                    ),
                },
            }),
        }
    }

    pub(crate) async fn txn(
        &self,
        target: &str,
        operations: &[Op],
        repeatable: bool,
    ) -> Result<TxnAnswer, Trouble> {
        let body = body(operations);
        let said = self.ask(Method::PUT, target.into(), body, self.settings.timeout, repeatable).await?;
        match said.status.as_u16() {
            // A body that does not fit leaves open what was done.
            200 | 409 => txn_answer(&said.body).map_err(|error| {
                Trouble::Open(format!("the answer to a transaction cannot be read: {error}"))
            }),
            _ => Err(refusal(said.status, &said.headers, &said.body)),
        }
    }

    /// The entries under a prefix, and the index to wait beyond. With `after` the answer is held until that index is passed, or for `wait`.
    pub(crate) async fn list(
        &self,
        prefix: &str,
        after: Option<u64>,
        wait: Duration,
    ) -> Result<(Vec<Entry>, u64), Trouble> {
        let said = self.blocking(format!("/v1/kv/{prefix}?recurse"), after, wait).await?;
        let index = index_of(&said);
        if said.status.as_u16() == 404 {
            return Ok((Vec::new(), index));
        }
        let listed = entries(&said.body)
            .map_err(|error| Trouble::Broken(format!("what answers a list is not Consul: {error}")))?;
        Ok((listed, index))
    }

    /// The index of the last change under a prefix.
    pub(crate) async fn index_of(&self, prefix: &str) -> Result<u64, Trouble> {
        let target = format!("/v1/kv/{prefix}?keys&separator=/");
        Ok(index_of(&self.blocking(target, None, Duration::ZERO).await?))
    }

    /// The first request after a (re)connect has no index and is consistent; those that go on from it are held.
    async fn blocking(
        &self,
        mut target: String,
        after: Option<u64>,
        wait: Duration,
    ) -> Result<Said, Trouble> {
        let mut time = self.settings.timeout;
        match after {
            None => target.push_str("&consistent"),
            Some(index) => {
                target = format!("{target}&index={index}&wait={}ms", wait.as_millis());
                // Consul holds it for up to a sixteenth longer.
                time = wait + wait / 16 + Duration::from_secs(5).min(self.settings.timeout);
            }
        }
        // One that is held has no share of its time to spare for other endpoints.
        let said = self.ask(Method::GET, target, Bytes::new(), time, after.is_none()).await?;
        match said.status.as_u16() {
            200 => Ok(said),
            404 if said.headers.contains_key("x-consul-index") => Ok(said),
            _ => Err(refusal(said.status, &said.headers, &said.body)),
        }
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        target: String,
        body: Bytes,
        time: Duration,
        repeatable: bool,
    ) -> Result<Said, Trouble> {
        let most = self.settings.request_bytes;
        if body.len() > most {
            return Err(Trouble::Invalid(format!(
                "has {} bytes as a request, and Consul takes {most}; write less at once, or raise `limits.txn_max_req_len` of its agents and `request_bytes` here",
                body.len()
            )));
        }
        if self.is_closed() {
            return Err(Trouble::unreachable("the store is closed".into()));
        }
        let question = Question { method, target, body, time, repeatable };
        // Boxed, or everything above would carry a TLS handshake's future along.
        let said = Box::pin(self.client.ask(&question)).await?;
        // An endpoint that is cut off from the others answers, but nothing of use.
        if said.status.is_server_error() {
            self.client.move_on();
        }
        Ok(said)
    }
}

fn index_of(said: &Said) -> u64 {
    let index = said.headers.get("x-consul-index").and_then(|value| value.to_str().ok()?.parse().ok());
    // Zero would not block.
    index.unwrap_or(0).max(1)
}

/// What a closed store answers.
pub(crate) const CLOSED: CommitError = CommitError::Unavailable { why: Why::Unreachable, retry_after: None };

/// The error for a ticket of another backend.
pub(crate) fn foreign_ticket() -> CommitError {
    Invalid::new("pending", "was not made by this store").into()
}
