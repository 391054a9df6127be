//! Taking connections, as many as there may be.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use trimtab_seams::Instant;

use crate::api::Shared;

/// How long is waited when the system gives none, as when there are no more descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// That there are as many as there may be is said this often at most.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// Takes connections. What keeps it from that is said, but not for each that is turned away.
pub(super) struct Accepting<'a> {
    shared: &'a Shared,
    listener: &'a TcpListener,
    said_full: Option<Instant>,
    is_failing: bool,
}

impl<'a> Accepting<'a> {
    pub(super) const fn new(shared: &'a Shared, listener: &'a TcpListener) -> Self {
        Self { shared, listener, said_full: None, is_failing: false }
    }

    /// The next connection. It is counted already.
    pub(super) async fn next(&mut self) -> TcpStream {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    self.is_failing = false;
                    // One beyond the limit is closed at once: to answer would be to serve it.
                    if self.has_place() {
                        // Answers are small, and somebody waits for each.
                        let _ = stream.set_nodelay(true);
                        return stream;
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.is_failing, true) {
                        tracing::warn!(%error, "a connection could not be accepted; it is tried on and on");
                    }
                    self.shared.store.seams().sleep(BREATH).await;
                }
            }
        }
    }

    fn has_place(&mut self) -> bool {
        let most = self.shared.limits.connections;
        // Nobody but this one adds to it.
        let has_place = self.shared.state.traffic.connections.load(Ordering::Acquire) < most;
        let now = self.shared.store.seams().now();
        if has_place {
            self.shared.state.traffic.connections.fetch_add(1, Ordering::AcqRel);
        } else if self.said_full.is_none_or(|said| now - said >= SAY_AGAIN) {
            self.said_full = Some(now);
            tracing::warn!("{most} connections are open, as many as there may be; further ones are closed");
        }
        has_place
    }
}
