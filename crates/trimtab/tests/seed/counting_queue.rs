//! A queue that counts what becomes of claims, as Consul's tests do: one of one's own round the standard one.

use std::sync::Arc;

use parking_lot::Mutex;
use trimtab::prelude::*;
use trimtab::queue::{Add, Claim, Finish, Outcome, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab::runtime::Cause;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) done: u32,
    pub(crate) requeued: u32,
    pub(crate) rate_limited: u32,
}

pub(crate) struct CountingQueue {
    inner: RateLimitedQueue<Request, Cause>,
    counts: Arc<Mutex<Counts>>,
}

impl CountingQueue {
    pub(crate) fn new(settings: QueueSettings<Request>, counts: &Arc<Mutex<Counts>>) -> Self {
        Self { inner: RateLimitedQueue::carrying(settings), counts: Arc::clone(counts) }
    }
}

/// Where its claims come home to: counted, then on to the standard queue.
struct Home {
    claim: Mutex<Option<Claim<Request, Cause>>>,
    counts: Arc<Mutex<Counts>>,
}

impl Finish<Request, Cause> for Home {
    fn finish(&self, _: Request, data: Cause, outcome: Outcome) {
        let mut counts = self.counts.lock();
        match &outcome {
            Outcome::Done => counts.done += 1,
            Outcome::After(_) | Outcome::Again(_) => counts.requeued += 1,
            _ => counts.rate_limited += 1,
        }
        drop(counts);
        let mut claim = self.claim.lock().take().expect("a claim ends once");
        *claim.data_mut() = data;
        claim.finish(outcome);
    }
}

impl WorkQueue<Request, Cause> for CountingQueue {
    fn push(&self, add: Add<Request, Cause>) {
        self.inner.push(add);
    }

    async fn get(&self) -> Option<Claim<Request, Cause>> {
        let claim = self.inner.get().await?;
        let (request, cause, failures) = (Request::clone(&claim), claim.data().clone(), claim.failures());
        let home = Arc::new(Home { claim: Mutex::new(Some(claim)), counts: Arc::clone(&self.counts) });
        Some(Claim::new(request, cause, home).with_failures(failures))
    }

    fn forget(&self, request: &Request) {
        self.inner.forget(request);
    }

    fn shutdown(&self) {
        self.inner.shutdown();
    }
}
