//! What a store is made of, shared by its handles and its feeds.

use parking_lot::Mutex;
use tokio::sync::watch;
use trimtab_backend::{CommitError, FollowError, Limits, Why};

use crate::answer::{Answer, unavailable};
use crate::identity::{self, Identity, Meta};
use crate::lanes::Lanes;
use crate::layout::Layout;
use crate::proto::RangeRequest;
use crate::servers::Servers;

#[derive(Debug)]
pub(crate) struct Core {
    servers: Servers,
    layout: Layout,
    limits: Limits,
    lanes: Lanes,
    identity: Mutex<Identity>,
    closed: watch::Sender<bool>,
}

impl Core {
    pub(crate) fn new(servers: Servers, layout: Layout, limits: Limits, identity: Identity) -> Self {
        let process = u128::from_be_bytes(servers.seams().random_bytes());
        let (lanes, identity, closed) =
            (Lanes::new(process), Mutex::new(identity), watch::Sender::new(false));
        Self { servers, layout, limits, lanes, identity, closed }
    }

    pub(crate) const fn servers(&self) -> &Servers {
        &self.servers
    }

    pub(crate) const fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) const fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// Which store this was when somebody last looked.
    pub(crate) fn identity(&self) -> Identity {
        self.identity.lock().clone()
    }

    /// Looks which store this is, and where its head is.
    pub(crate) async fn look(&self) -> Result<(Identity, i64), FollowError> {
        let answer = self.servers.range(RangeRequest::of(self.layout.meta())).await;
        let mut found = answer.map_err(Answer::into_follow_error)?;
        let head = found.revision();
        let Some(meta) = found.kvs.pop() else {
            return Err(
                self.broken("is gone; the store was emptied, or another is at this address: open it anew")
            );
        };
        let Meta::Ours(store) = identity::read(&meta.value) else {
            return Err(self.broken("is not what Trimtab wrote there; something else uses this prefix"));
        };
        let identity = Identity { store, meta: meta.value };
        let before = std::mem::replace(&mut *self.identity.lock(), identity.clone());
        if before != identity {
            tracing::warn!(store = ?identity.store, before = ?before.store, "another store is at this address");
        }
        Ok((identity, head))
    }

    fn broken(&self, what: &str) -> FollowError {
        FollowError::Broken { what: format!("`{}` {what}", String::from_utf8_lossy(&self.layout.meta())) }
    }

    /// Ends all feeds; later calls are refused.
    pub(crate) async fn close(&self) {
        if !self.closed.send_replace(true) {
            self.lanes.close(&self.servers).await;
        }
    }

    /// Refuses once it is closed.
    pub(crate) fn open(&self) -> Result<(), CommitError> {
        if *self.closed.borrow() { Err(unavailable(Why::Unreachable)) } else { Ok(()) }
    }

    /// Returns once it is closed.
    pub(crate) async fn closing(&self) {
        let mut closed = self.closed.subscribe();
        // The sender lives as long as this does.
        let _closed = closed.wait_for(|closed| *closed).await;
    }
}
