//! The controller as authors build it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::Span;
use trimtab_queue::{ExponentialBackoff, Limiter, QueueSettings, WorkQueue};
use trimtab_seams::BoxFuture;
use trimtab_store::{Lookup, Shape, Store};

use super::check::check;
use super::core::Core;
use super::error::{Misconfigured, RunError};
use super::handle::ControllerHandle;
use super::reconciled::Reconciled;
use super::run::run;
use super::settings::{Hook, QueueMaking};
use super::worker::{self, Seat};
use crate::cause::Cause;
use crate::lease_use::{Lease, Placement};
use crate::source::{Body, Source};
use crate::{Reconciler, Request};

pub(super) type Work = Arc<dyn Fn(Seat) -> BoxFuture<'static, ()> + Send + Sync>;
type Declare = Box<dyn Fn(&Store) -> Result<(), String> + Send + Sync>;

/// A reconciler with its sources, its queue and its workers. Built, then consumed by [`run`](Controller::run); before that,
/// [`handle`](Controller::handle) gives something to hold on to it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use trimtab_runtime::{Action, Controller, Source, reconcile_fn};
/// # use trimtab_store::{Draft, Memory, Store};
///
/// let store = Store::open(Memory::new()).await?;
/// store.commit(Draft::json("site", "blog", &serde_json::json!({ "port": 80 })).apply()).await?;
///
/// let print = reconcile_fn(async |ctx, request| {
///     let site = ctx.entry(&request)?;
///     println!("{}: {}", request.name(), site.map_or("gone".into(), |site| site.spec_json().to_owned()));
///     Ok(Action::done())
/// });
/// let sites = Controller::new(&store, print).subscribe(Source::kind("site")).with_workers(4);
/// let handle = sites.handle();
/// sites
///     .run(async move {
///         handle.synced().await;
///         while !handle.is_settled() {
///             tokio::task::yield_now().await;
///         }
///     })
///     .await?;
/// # Ok(()) }
/// ```
///
/// Run twice, or configured after its run, it does not compile:
/// ```compile_fail,E0382
/// # use trimtab_runtime::Controller;
/// # async fn twice(controller: Controller) {
/// let _ = controller.run(std::future::pending()).await;
/// let _ = controller.run(std::future::pending()).await;
/// # }
/// ```
/// ```compile_fail,E0382
/// # use trimtab_runtime::Controller;
/// # async fn late(controller: Controller) {
/// let running = controller.run(std::future::pending());
/// let _ = controller.with_workers(2);
/// # drop(running);
/// # }
/// ```
#[must_use = "a controller does nothing until its `run` is awaited, or it is added to a manager"]
pub struct Controller {
    pub(super) core: Arc<Core>,
    pub(super) work: Work,
    pub(super) sources: Vec<Arc<Body>>,
    pub(super) workers: usize,
    pub(super) queue: QueueMaking,
    pub(super) lookups: Vec<Declare>,
    pub(super) deadline: Option<Duration>,
    pub(super) resync: Option<Duration>,
    pub(super) drain: Option<Duration>,
    pub(super) drain_queue: bool,
    pub(super) timings: bool,
    pub(super) span: Span,
    pub(super) hooks: Vec<Hook>,
    pub(super) history: usize,
}

impl Controller {
    /// How long running reconciles may take to finish after a shutdown, unless told.
    pub(crate) const DRAIN: Duration = Duration::from_secs(30);

    /// A controller over a store: one worker, backoff from 5 ms to 1000 s, the standard queue (behaviour C1).
    #[doc(alias = "New")]
    #[doc(alias = "ctrl.NewControllerManagedBy")]
    pub fn new(store: &Store, reconciler: impl Reconciler) -> Self {
        let reconciler = Arc::new(reconciler);
        Self {
            core: Arc::new(Core::new(store)),
            work: Arc::new(move |seat| Box::pin(worker::work(seat, Arc::clone(&reconciler)))),
            sources: Vec::new(),
            workers: 1,
            queue: QueueMaking::default(),
            lookups: Vec::new(),
            deadline: None,
            resync: None,
            drain: None,
            drain_queue: false,
            timings: false,
            span: Span::none(),
            hooks: Vec::new(),
            history: 0,
        }
    }

    /// Its name, for logs, metrics and commands. Default: the kind of its first source that is not mapped.
    #[doc(alias = "Named")]
    pub fn named(self, name: &str) -> Self {
        self.core.set_name(name, true);
        self
    }

    /// One more source. Nothing is reconciled before each has delivered its first snapshot (behaviour C19).
    #[doc(alias = "Subscribe")]
    #[doc(alias = "Watches")]
    #[doc(alias = "For")]
    #[doc(alias = "Owns")]
    pub fn subscribe<S>(mut self, source: Source<S>) -> Self {
        let body = source.into_body();
        if let Some(kind) = body.own_kind() {
            self.core.set_name(kind, false);
            self.core.set_kind(kind);
        }
        self.sources.push(Arc::new(body));
        self
    }

    /// How many keys are reconciled at the same time. Default 1; 0 becomes 1.
    #[doc(alias = "WithWorkers")]
    #[doc(alias = "MaxConcurrentReconciles")]
    pub fn with_workers(self, workers: usize) -> Self {
        Self { workers: workers.max(1), ..self }
    }

    /// The delays of a failing key: `base`, doubled with each failure, at most `max`, shortened by up to a fifth by chance. Default 5 ms and 1000 s. A base
    /// of zero or above the maximum is told by [`check`](Controller::check) and `run`.
    #[doc(alias = "WithBackoff")]
    pub fn with_backoff(mut self, base: Duration, max: Duration) -> Self {
        self.queue.backoff = ExponentialBackoff::new(base, max);
        self
    }

    /// Limiters in place of the backoff. One is made for failures, another for runs at once that repeat; the function may be called more often.
    #[doc(alias = "WithRateLimiter")]
    pub fn with_limiter<L: Limiter<Request>>(mut self, new: impl Fn() -> L + Send + Sync + 'static) -> Self {
        self.queue.with_limiter(new);
        self
    }

    /// Another queue in place of the standard one. What only the standard queue can tell - states of keys, draining - is then not told. One that wraps the
    /// standard queue makes it with [`RateLimitedQueue::carrying`](trimtab_queue::RateLimitedQueue::carrying): keys carry why they run.
    #[doc(alias = "WithQueueFactory")]
    #[doc(alias = "NewQueue")]
    pub fn with_queue_factory<Q: WorkQueue<Request, Cause>>(
        mut self,
        new: impl Fn(QueueSettings<Request>) -> Q + Send + Sync + 'static,
    ) -> Self {
        self.queue.with_queue(new);
        self
    }

    /// Ready keys of one priority are reconciled in turn by tenancy: one of each namespace, then the next of each (behaviour Q15). So a namespace with a thousand
    /// changed entries holds up another one's by one reconcile and not by a thousand. Default: first in, first out. A queue of your own finds it in its
    /// settings.
    #[doc(alias = "FairQueue")]
    pub fn with_fairness(mut self) -> Self {
        self.queue.fair = true;
        self
    }

    /// Declares a lookup on the store when the controller begins, so that asking by it is fast.
    #[doc(alias = "IndexField")]
    pub fn with_lookup<S: Shape>(mut self, lookup: &Lookup<S>) -> Self {
        let lookup = lookup.clone();
        self.lookups.push(Box::new(move |store| {
            let kind = lookup.kind();
            if !store.follows(kind.clone()) {
                return Err(format!("lookup `{}`: the store does not follow kind `{kind}`", lookup.name()));
            }
            store.declare(&lookup);
            Ok(())
        }));
        self
    }

    /// In which replicas it runs. Default: that of its manager, else everywhere.
    #[doc(alias = "LeaderElection")]
    pub fn with_placement(self, placement: Placement) -> Self {
        self.core.set_placement(placement);
        self
    }

    /// How long one reconcile may take; then its future is dropped, and the key is retried with backoff (behaviour C13). Default: as long as it likes.
    #[doc(alias = "ReconciliationTimeout")]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// Runs each key again after this long, shortened by up to a fifth by chance, also when nothing changed (behaviour C18). Default: off. Each key then
    /// stays in the queue, deferred, as long as its entry exists.
    #[doc(alias = "SyncPeriod")]
    pub fn with_resync(self, period: Duration) -> Self {
        Self { resync: Some(period), ..self }
    }

    /// How long running reconciles may take to finish after a shutdown; then they are cancelled (behaviour C14). Default: that of its manager, else 30 s.
    #[doc(alias = "GracefulShutdownTimeout")]
    pub fn with_drain(self, drain: Duration) -> Self {
        Self { drain: Some(drain), ..self }
    }

    /// Also reconciles what is in line when it is shut down, within the drain deadline. Default: that is dropped, and found again at the next start.
    pub fn with_drained_queue(self) -> Self {
        Self { drain_queue: true, ..self }
    }

    /// Measures runs, and notes when keys got in line: for the histogram of run times and for `since` of ready and running keys. Costs four looks at
    /// the clock a run, about 25 ns each. Default: off.
    pub fn with_timings(self) -> Self {
        Self { timings: true, ..self }
    }

    /// The span that everything it logs lies in. Each run has a span of its own below it, at level debug: controller, kind, name, tenancy, attempt, index,
    /// number of the run, reasons.
    #[doc(alias = "WithLogger")]
    pub fn with_span(self, span: Span) -> Self {
        Self { span, ..self }
    }

    /// Calls a function after each run. Several are called in order. It runs on the worker: keep it short.
    pub fn on_reconciled(mut self, hook: impl Fn(&Reconciled<'_>) + Send + Sync + 'static) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// Keeps the last `runs` runs, and beside them a quarter as many failed ones, so that failures are not flooded out by successes: for
    /// [`ControllerHandle::runs`](crate::ControllerHandle::runs). Default: 0, none, which costs nothing. A run takes up to some 20 KiB, for the most part
    /// of its error and notes, seldom more than half a KiB.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use trimtab_runtime::{Action, Controller, Ended, Request, Source, reconcile_fn};
    /// # use trimtab_store::{Draft, Memory, Store};
    /// # let store = Store::open(Memory::new()).await?;
    /// # store.commit(Draft::json("site", "blog", &serde_json::json!({})).apply()).await?;
    /// # let reconciler = reconcile_fn(async |_, _| Ok(Action::done()));
    /// let sites = Controller::new(&store, reconciler).subscribe(Source::kind("site")).with_history(256);
    /// let handle = sites.handle();
    /// # let settling = handle.clone();
    /// # let settled = async move { while !settling.is_settled() { tokio::task::yield_now().await } };
    /// sites.run(settled).await?;
    /// let runs = handle.runs(&Request::new("site", "blog"));
    /// assert_eq!((runs.len(), runs[0].ended, &runs[0].error), (1, Ended::Done, &None));
    /// # Ok(()) }
    /// ```
    pub fn with_history(self, runs: usize) -> Self {
        Self { history: runs, ..self }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.core.store
    }

    /// What is kept in the store for its placement.
    pub(crate) fn lease(&self) -> Option<Lease> {
        self.core.placement().lease()
    }

    /// An owner cascade runs beside it, or none is wanted.
    pub(crate) fn is_not_alone(&self) {
        self.core.is_not_alone();
    }

    /// Takes over what was left open.
    pub(crate) fn inherit(&mut self, drain: Option<Duration>, placement: Option<&Placement>) {
        self.drain = self.drain.or(drain);
        if let Some(placement) = placement {
            self.core.inherit_placement(placement);
        }
    }

    /// A handle: to enqueue, to set triggers, to read how it stands.
    pub fn handle(&self) -> ControllerHandle {
        ControllerHandle::new(&self.core)
    }

    /// Whether it can run as it is set up. `run` asks this first.
    ///
    /// # Errors
    /// [`Misconfigured`].
    pub fn check(&self) -> Result<(), Misconfigured> {
        check(self)
    }

    /// Runs until `shutdown` ends, then stops: intake ends, running reconciles may finish until the drain deadline, what is in line is dropped (behaviour
    /// C14). Returns when every task it started has ended.
    ///
    /// # Errors
    /// [`RunError`]; by a shutdown within the drain deadline it ends well.
    ///
    /// # Panics
    /// As [`Seams::spawn`](trimtab_seams::Seams::spawn).
    ///
    /// # Cancel safety
    /// Dropping the future stops everything at once: running reconciles are cancelled, as by a crash.
    #[doc(alias = "Run")]
    #[doc(alias = "Start")]
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), RunError> {
        run(self, shutdown, None).await
    }
}

impl fmt::Debug for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Controller")
            .field("name", &self.core.name())
            .field("sources", &self.sources)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}
