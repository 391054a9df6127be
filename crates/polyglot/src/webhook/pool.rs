//! Connections that wait for the next question.
//!
//! There is one server, and never more connections than questions at once, so this is a stack: the warmest connection is taken first, and those that a quieter time has no use for
//! grow old at its bottom.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_seams::{Instant, Seams};

use super::connect::Connection;

/// How long a connection waits. Longer than most servers let it: theirs is the first word.
const IDLE: Duration = Duration::from_secs(90);

/// The idle connections of one webhook.
#[derive(Debug, Default)]
pub(super) struct Pool(Arc<Mutex<Idle>>);

#[derive(Debug, Default)]
struct Idle {
    /// With the instant of their end; the earliest is the first.
    connections: Vec<(Instant, Connection)>,
    /// Somebody is waiting for that instant.
    swept: bool,
}

impl Pool {
    /// The connection that was used last, if it is still open as far as is known.
    pub(super) fn take(&self) -> Option<Connection> {
        let mut idle = self.0.lock();
        while let Some((_, connection)) = idle.connections.pop() {
            if !connection.sender.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection whose answer was read to its end.
    pub(super) fn keep(&self, seams: &Seams, connection: Connection) {
        let ends = seams.now() + IDLE;
        let swept = {
            let mut idle = self.0.lock();
            idle.connections.push((ends, connection));
            std::mem::replace(&mut idle.swept, true)
        };
        if !swept {
            let (seams, idle) = (seams.clone(), Arc::downgrade(&self.0));
            let sweeping = seams.clone();
            seams.spawn("idle webhook connections", async move { sweep(&sweeping, &idle).await });
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().connections.len()
    }
}

/// Closes connections as their time comes, until there are none.
async fn sweep(seams: &Seams, idle: &Weak<Mutex<Idle>>) {
    loop {
        let next = {
            let Some(idle) = idle.upgrade() else { return };
            let mut idle = idle.lock();
            let now = seams.now();
            idle.connections.retain(|(ends, connection)| *ends > now && !connection.sender.is_closed());
            let Some((ends, _)) = idle.connections.first() else {
                idle.swept = false;
                return;
            };
            *ends
        };
        seams.sleep_until(next).await;
    }
}
