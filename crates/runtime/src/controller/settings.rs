//! What a running controller goes by.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::LazyLock;
use std::time::Duration;

use tracing::Span;
use trimtab_queue::{
    ExponentialBackoff, InvalidBackoff, Limiter, QueueSettings, RateLimitedQueue, WorkQueue,
};
use trimtab_seams::{HashState, Seams};

use super::any_queue::AnyQueue;
use super::history::History;
use super::reconciled::Reconciled;
use crate::Request;
use crate::cause::Cause;

pub(super) type Hook = Box<dyn Fn(&Reconciled<'_>) + Send + Sync>;
type NewLimiter = Box<dyn Fn() -> Box<dyn Limiter<Request>> + Send + Sync>;
type NewQueue = Box<dyn Fn(QueueSettings<Request>) -> AnyQueue + Send + Sync>;

/// Fixed once `run` has begun.
pub(crate) struct Settings {
    pub(crate) deadline: Option<Duration>,
    pub(crate) resync: Option<Duration>,
    pub(crate) drain: Duration,
    pub(crate) drain_queue: bool,
    pub(crate) timings: bool,
    pub(crate) workers: usize,
    pub(crate) span: Span,
    pub(super) hooks: Vec<Hook>,
    pub(super) history: Option<History>,
    /// For runs at once, counted apart from failures.
    pub(crate) damper: Box<dyn Limiter<Request>>,
}

impl Settings {
    /// Whether somebody wants to know how long runs take.
    pub(super) fn are_runs_measured(&self) -> bool {
        self.timings || !self.hooks.is_empty() || self.history.is_some()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("workers", &self.workers).finish_non_exhaustive()
    }
}

/// How the queue is to be made.
pub(super) struct QueueMaking {
    pub(super) backoff: Result<ExponentialBackoff, InvalidBackoff>,
    pub(super) limiter: Option<NewLimiter>,
    pub(super) queue: Option<NewQueue>,
    /// Whether tenancies take turns.
    pub(super) fair: bool,
}

impl Default for QueueMaking {
    fn default() -> Self {
        Self { backoff: Ok(ExponentialBackoff::default()), limiter: None, queue: None, fair: false }
    }
}

impl QueueMaking {
    pub(super) fn with_limiter<L: Limiter<Request>>(&mut self, new: impl Fn() -> L + Send + Sync + 'static) {
        self.limiter = Some(Box::new(move || Box::new(Delayed(new()))));
    }

    pub(super) fn with_queue<Q: WorkQueue<Request, Cause>>(
        &mut self,
        new: impl Fn(QueueSettings<Request>) -> Q + Send + Sync + 'static,
    ) {
        self.queue = Some(Box::new(move |settings| AnyQueue::Custom(Box::new(new(settings)))));
    }

    pub(super) fn new_limiter(&self) -> Box<dyn Limiter<Request>> {
        match &self.limiter {
            Some(new) => new(),
            None => Box::new(Delayed(self.backoff.unwrap_or_default())),
        }
    }

    pub(super) fn new_queue(&self, seams: &Seams, timings: bool) -> AnyQueue {
        let mut settings = QueueSettings::new(seams)
            .with_backoff(self.backoff.unwrap_or_default())
            .with_limiter(self.new_limiter());
        if timings {
            settings = settings.with_timings();
        }
        if self.fair {
            settings = settings.with_fairness(tenancy);
        }
        match &self.queue {
            Some(new) => new(settings),
            None => AnyQueue::Standard(RateLimitedQueue::carrying(settings)),
        }
    }
}

/// Whose a request is, as a number.
fn tenancy(request: &Request) -> u64 {
    static HASHER: LazyLock<HashState> = LazyLock::new(HashState::default);
    HASHER.hash_one(request.tenancy())
}

/// A limiter under one that knows when an error says itself how long to wait (behaviour L5).
struct Delayed<L>(L);

impl<L: Limiter<Request>> Limiter<Request> for Delayed<L> {
    fn next_retry(&self, request: &Request, failure: &trimtab_queue::Failure<'_>) -> Duration {
        let asked = failure.error.and_then(|error| error.downcast_ref::<crate::RetryAfter>());
        let delay = self.0.next_retry(request, failure);
        // "At once" from something that fails says nothing about when it will not.
        asked.map(crate::RetryAfter::delay).filter(|asked| !asked.is_zero()).unwrap_or(delay)
    }

    fn forget(&self, request: &Request) {
        self.0.forget(request);
    }
}
