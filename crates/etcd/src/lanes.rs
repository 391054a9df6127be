//! Lanes: keys of which each carries one transaction at a time (contract U1).
//!
//! A transaction writes its mark into its lane on the condition that the lane has not moved. So it commits at most once; whether it has can be read
//! from the lane; and moving the lane makes sure that it never will. A key for each transaction would fill the store, one key for all of them would let one
//! transaction fail another.

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::answer::Answer;
use crate::layout::Layout;
use crate::proto::{Compare, DeleteRangeRequest, KeyValue, PutRequest, TxnRequest};
use crate::servers::Servers;

/// How many transactions may be under way at once; the next one waits.
const MOST: usize = 128;

/// A lane as it stands.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) key: Bytes,
    /// The revision that wrote it last.
    pub(crate) version: i64,
}

/// What a transaction leaves in its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Drawn for each transaction.
    pub(crate) id: u128,
    /// Seconds since 1970, for people who look, and for who clears up.
    pub(crate) at: u64,
}

impl Mark {
    pub(crate) fn value(&self) -> Bytes {
        format!(r#"{{"at":{},"id":"{:032x}"}}"#, self.at, self.id).into()
    }

    /// When a lane that holds this was moved.
    pub(crate) fn moved_at(value: &[u8]) -> Option<u64> {
        serde_json::from_slice::<Value>(value).ok()?["at"].as_u64()
    }

    /// Whether a lane carries it.
    pub(crate) fn is_on(&self, lane: &KeyValue) -> bool {
        serde_json::from_slice::<Value>(&lane.value)
            .is_ok_and(|value| value["id"] == format!("{:032x}", self.id))
    }
}

/// The lanes of this process.
#[derive(Debug)]
pub(crate) struct Lanes {
    process: u128,
    pool: Mutex<Pool>,
    room: Semaphore,
}

#[derive(Debug, Default)]
struct Pool {
    free: Vec<Lane>,
    made: u64,
}

impl Lanes {
    pub(crate) fn new(process: u128) -> Self {
        Self { process, pool: Mutex::default(), room: Semaphore::new(MOST) }
    }

    /// Drawn for each store that is opened.
    pub(crate) const fn process(&self) -> u128 {
        self.process
    }

    /// A free lane, or a new one. A lane is written before its first use, so that no guard of a transaction is an absence that somebody who
    /// cleans up could bring back.
    pub(crate) async fn take(&self, servers: &Servers, layout: &Layout) -> Result<Taken<'_>, Answer> {
        let closed = |_| Answer::Open("the store is closed".into());
        let room = self.room.acquire().await.map_err(closed)?;
        let free = self.pool.lock().free.pop();
        let lane = match free {
            Some(lane) => lane,
            None => self.make(servers, layout).await?,
        };
        Ok(Taken { lane, lanes: self, _room: room })
    }

    async fn make(&self, servers: &Servers, layout: &Layout) -> Result<Lane, Answer> {
        let number = {
            let mut pool = self.pool.lock();
            pool.made += 1;
            pool.made
        };
        let key = layout.lane(self.process, number);
        let mark = Mark { id: 0, at: seconds(servers) };
        let put = PutRequest { key: key.clone(), value: mark.value() };
        let request = TxnRequest {
            compare: vec![Compare::absent(key.clone())],
            success: vec![put.into()],
            failure: Vec::new(),
        };
        // A lane whose making was not answered is left alone: its number is not used again.
        let made = servers.write(request).await?;
        if made.succeeded {
            Ok(Lane { key, version: made.revision() })
        } else {
            Err(Answer::Open("a lane of this process is there already".into()))
        }
    }

    /// Puts a lane back whose version is known.
    pub(crate) fn put_back(&self, lane: Lane) {
        if !self.room.is_closed() {
            self.pool.lock().free.push(lane);
        }
    }

    /// Leaves those alone that are free: somebody has removed lanes of ours.
    pub(crate) fn forget(&self) {
        self.pool.lock().free.clear();
    }

    /// Lets nobody take a lane any more, and removes those that are free.
    pub(crate) async fn close(&self, servers: &Servers) {
        self.room.close();
        let free = std::mem::take(&mut self.pool.lock().free);
        let remove = |lane: Lane| DeleteRangeRequest { key: lane.key, ..Default::default() }.into();
        let success: Vec<_> = free.into_iter().map(remove).collect();
        if !success.is_empty() {
            // What is left behind is a few small keys.
            let _removed = servers.repeatable(TxnRequest { success, ..TxnRequest::default() }).await;
        }
    }
}

/// A lane that carries one transaction. Dropped without a word it is used no more, for nobody knows where it stands.
#[derive(Debug)]
pub(crate) struct Taken<'a> {
    pub(crate) lane: Lane,
    lanes: &'a Lanes,
    _room: SemaphorePermit<'a>,
}

impl Taken<'_> {
    /// It stands where it stood.
    pub(crate) fn unmoved(self) {
        self.lanes.put_back(self.lane);
    }

    /// It was written by this revision.
    pub(crate) fn moved_to(self, version: i64) {
        self.lanes.put_back(Lane { version, ..self.lane });
    }

    /// Its transaction may or may not have committed.
    pub(crate) fn in_doubt(self) -> Lane {
        self.lane
    }
}

pub(crate) fn seconds(servers: &Servers) -> u64 {
    servers
        .seams()
        .wall()
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
