//! Who waits to be written, and whether somebody is writing.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use trimtab_backend::{Commit, CommitError, Transaction};

/// Transactions of one group.
const GROUP: usize = 1024;
/// Bytes of one group; one transaction may be larger.
const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// What the leader is asked to do. An answer that nobody waits for any more is no error; an answer that is dropped unsent means that nobody
/// knows what became of the request.
#[derive(Debug)]
pub(crate) enum Request {
    /// To commit this.
    Commit { transaction: Transaction, answer: oneshot::Sender<Result<Commit, CommitError>> },
    /// To let go of the files, after all that came before.
    Close { answer: oneshot::Sender<()> },
}

/// Requests in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    requests: VecDeque<Request>,
    /// Somebody writes, and will come back for what waits.
    led: bool,
}

impl Queue {
    /// Adds a request. True: the caller must lead, for nobody does.
    #[must_use]
    pub(crate) fn join(&self, request: Request) -> bool {
        let mut waiting = self.0.lock();
        waiting.requests.push_back(request);
        !std::mem::replace(&mut waiting.led, true)
    }

    /// The next group. `None`: nothing waits, and the caller leads no longer.
    pub(crate) fn take(&self) -> Option<Vec<Request>> {
        let mut waiting = self.0.lock();
        let mut bytes = 0;
        let fits = |request: &&Request| {
            if let Request::Commit { transaction, .. } = request {
                bytes += transaction.bytes();
            }
            bytes <= GROUP_BYTES
        };
        let fitting = waiting.requests.iter().take(GROUP).take_while(fits).count();
        let count = fitting.max(1).min(waiting.requests.len());
        waiting.led = count > 0;
        waiting.led.then(|| waiting.requests.drain(..count).collect())
    }

    /// Gives the lead back if nothing waits.
    pub(crate) fn resign(&self) -> bool {
        let mut waiting = self.0.lock();
        waiting.led = !waiting.requests.is_empty();
        !waiting.led
    }
}
