//! The context itself, and what it tells of the run.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use trimtab_backend::Index;
use trimtab_seams::{Instant, Seams};
use trimtab_store::{Snapshot, Store, View};

use super::builder::{ContextBuilder, Made};
use super::memory::{Finished, Memory};
use crate::controller::{ControllerHandle, Core, Taken, Term};
use crate::shard::Pass;
use crate::task::{Signal, either};
use crate::{Reason, Request, Trigger};

/// What a run reads with, writes with, and knows of itself. Lent to [`Reconciler::reconcile`](crate::Reconciler::reconcile) for one run.
///
/// Together with anyhow's trait of the same name: `use anyhow::Context as _`, which is all that is needed of it.
///
/// It cannot be taken along into a task of its own, which would outlive the run and its lease:
/// ```compile_fail,E0521
/// use trimtab_runtime::Context;
///
/// fn escape(ctx: &Context) {
///     std::thread::spawn(move || ctx.index());
/// }
/// ```
///
/// Made by hand for a unit test of one reconcile:
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use trimtab_runtime::{Action, Context, Reconciler, Request, Result};
/// # use trimtab_store::{Memory, Store};
///
/// async fn wait_thrice(ctx: &Context, _request: Request) -> Result<Action> {
///     if ctx.attempt() > 3 { Ok(Action::done()) } else { Err("not yet".into()) }
/// }
///
/// let store = Store::open(Memory::new()).await?;
/// let request = Request::new("site", "blog");
/// let ctx = Context::builder(&store, &request).attempt(4).build();
/// assert_eq!(wait_thrice.reconcile(&ctx, request).await.ok(), Some(Action::done()));
/// # Ok(()) }
/// ```
#[doc(alias = "context.Context")]
pub struct Context {
    pub(super) core: Arc<Core>,
    term: Option<Arc<Term>>,
    /// When keys are shared out among replicas.
    pub(super) pass: Option<Pass>,
    run: RunOf,
    era: u8,
    pub(super) view: View,
    /// Whether `memory.own` holds something: so that plain reads take no lock.
    pub(super) has_own: AtomicBool,
    pub(super) memory: Mutex<Memory>,
}

/// Whose run it is.
enum RunOf {
    Worker(Taken),
    Hand(Made),
}

impl Context {
    /// A context by hand, for tests of a reconciler alone.
    pub fn builder(store: &Store, request: &Request) -> ContextBuilder {
        ContextBuilder::new(store, request)
    }

    /// The era must have been read before the snapshot was taken: too old a one is not believed, too new a one would be.
    pub(crate) fn of_run(
        core: &Arc<Core>,
        term: &Arc<Term>,
        era: u8,
        snapshot: Snapshot,
        claim: Taken,
        pass: Option<Pass>,
    ) -> Self {
        let view = snapshot.into_view(claim.tenancy());
        let term = Some(Arc::clone(term));
        Self { pass, ..Self::new(core, term, RunOf::Worker(claim), era, view) }
    }

    pub(super) fn by_hand(core: &Arc<Core>, made: Made) -> Self {
        core.is_not_alone();
        let view = core.store.snapshot().into_view(made.request.tenancy());
        Self::new(core, None, RunOf::Hand(made), 0, view)
    }

    fn new(core: &Arc<Core>, term: Option<Arc<Term>>, run: RunOf, era: u8, view: View) -> Self {
        let core = Arc::clone(core);
        let (has_own, memory) = (AtomicBool::new(false), Mutex::default());
        Self { core, term, pass: None, run, era, view, has_own, memory }
    }

    /// Takes it apart when the run has ended.
    pub(crate) fn finish(self) -> Finished {
        let RunOf::Worker(claim) = self.run else { unreachable!("only a worker's context is finished") };
        let Memory { commits, conflict, refusal, notes, .. } = self.memory.into_inner();
        let (index, era, pass) = (self.view.index(), self.era, self.pass);
        Finished { claim, pass, index, era, commits, conflict, refusal, notes }
    }

    /// Ends when all has that the run must not be over before.
    pub(crate) async fn ended(&self) {
        let endings = std::mem::take(&mut self.memory.lock().endings);
        for ending in endings {
            ending.await;
        }
    }

    /// Raised when the key passes to another replica.
    pub(crate) fn lost(&self) -> Option<&Signal> {
        self.pass.as_ref().map(Pass::lost)
    }

    /// The lease it runs under.
    pub(super) fn tenure(&self) -> Option<&crate::lease_use::Tenure> {
        self.term.as_ref()?.tenure.as_deref()
    }
}

/// The run.
impl Context {
    /// What to reconcile.
    pub fn request(&self) -> &Request {
        match &self.run {
            RunOf::Worker(claim) => claim,
            RunOf::Hand(made) => &made.request,
        }
    }

    /// Which attempt this is, from 1; counts on as long as the key fails.
    pub fn attempt(&self) -> u32 {
        self.failures().saturating_add(1)
    }

    /// How often in a row the key has failed before.
    #[doc(alias = "NumRequeues")]
    pub fn failures(&self) -> u32 {
        match &self.run {
            RunOf::Worker(claim) => claim.failures(),
            RunOf::Hand(made) => made.failures,
        }
    }

    /// Why it runs: the reasons of all adds since the last run began, each once, at most eight of them. Empty when it had promised this run itself.
    pub fn reasons(&self) -> &[Reason] {
        match &self.run {
            RunOf::Worker(claim) => claim.data().reasons(),
            RunOf::Hand(made) => &made.reasons,
        }
    }

    /// How many reasons there were beyond those told.
    pub fn more_reasons(&self) -> u32 {
        match &self.run {
            RunOf::Worker(claim) => claim.data().more.into(),
            RunOf::Hand(_) => 0,
        }
    }

    /// The epoch of the lease it runs under, or the version of its group's map where keys are shared out; none when it runs everywhere. It grows whenever the key
    /// passes to another replica, and it is the guard of every commit: hand it on to systems outside that can refuse an older one.
    pub fn epoch(&self) -> Option<Index> {
        match &self.run {
            RunOf::Worker(_) => self.term.as_ref()?.epoch(),
            RunOf::Hand(made) => made.epoch,
        }
    }

    /// The controller: to enqueue other keys, to read figures.
    pub fn controller(&self) -> ControllerHandle {
        ControllerHandle::new(&self.core)
    }

    /// Enqueues this key when the trigger ends. It has one: an earlier one is cancelled. See
    /// [`ControllerHandle::add_trigger`](crate::ControllerHandle::add_trigger).
    #[doc(alias = "AddTrigger")]
    pub fn add_trigger(&self, trigger: impl Into<Trigger>) {
        self.core.triggers.add(&self.core, self.request().clone(), trigger.into(), Some(self.index()));
    }

    /// Cancels this key's trigger, if it has one.
    #[doc(alias = "RemoveTrigger")]
    pub fn remove_trigger(&self) {
        self.core.triggers.remove(self.request());
    }

    /// Adds a line to what is told of this run to the hooks of [`on_reconciled`](crate::Controller::on_reconciled).
    #[doc(alias = "EventRecorder")]
    pub fn note(&self, text: impl Into<String>) {
        self.memory.lock().notes.push(text.into());
    }
}

/// Time, chance, and ends that come early.
impl Context {
    /// The time on the monotonic clock.
    pub fn now(&self) -> Instant {
        self.core.seams.now()
    }

    /// The time of day, for people and for records.
    pub fn wall(&self) -> SystemTime {
        self.core.seams.wall()
    }

    /// 64 random bits, from the seam: the same again in a replay.
    pub fn random(&self) -> u64 {
        self.core.seams.random()
    }

    /// Waits. It holds a worker: to wait for long, return [`Action::requeue_after`](crate::Action::requeue_after) or set a trigger.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn sleep(&self, duration: Duration) {
        self.core.seams.sleep(duration).await;
    }

    /// Clock, randomness and spawning.
    pub fn seams(&self) -> &Seams {
        &self.core.seams
    }

    /// Ends when this run is to end: its lease is lost, its key passes to another replica, or the drain deadline has passed. Right after that the run's future is
    /// dropped; what would live on is named by [`Context::ends_after`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn cancelled(&self) {
        match (&self.term, self.lost()) {
            (Some(term), Some(lost)) => either(term.cancel.raised(), lost.raised()).await,
            (Some(term), None) => term.cancel.raised().await,
            (None, _) => std::future::pending().await,
        }
    }

    /// The run is over no sooner than this ends, also when it is cut short. For what it has begun elsewhere and cannot drop, such as a process that is told to end: until then the
    /// key does not run again, a lease is not given back, and a replica that gains the key waits. What never ends holds up all of these for ever.
    ///
    /// ```
    /// use trimtab_runtime::{Action, Context, Request, Result};
    ///
    /// async fn reconcile(ctx: &Context, _request: Request) -> Result<Action> {
    ///     let (working, over) = tokio::sync::oneshot::channel::<()>();
    ///     ctx.ends_after(async move { drop(over.await) });
    ///     ctx.seams().spawn_blocking("work", move || {
    ///         // Nobody can cancel this.
    ///         drop(working);
    ///     });
    ///     Ok(Action::done())
    /// }
    /// # let _ = reconcile;
    /// ```
    pub fn ends_after(&self, ending: impl Future<Output = ()> + Send + 'static) {
        self.memory.lock().endings.push(Box::pin(ending));
    }

    /// Whether this run is to end: see [`Context::cancelled`].
    pub fn is_cancelled(&self) -> bool {
        self.term.as_ref().is_some_and(|term| term.cancel.is_raised())
            || self.lost().is_some_and(Signal::is_raised)
    }

    /// Ends when the key is queued again during this run: what it does may be out of date already, and it will run again in any case (behaviour C16).
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn superseded(&self) {
        match &self.run {
            RunOf::Worker(claim) => claim.superseded().await,
            RunOf::Hand(_) => std::future::pending().await,
        }
    }

    /// Whether the key has been queued again during this run.
    pub fn is_superseded(&self) -> bool {
        match &self.run {
            RunOf::Worker(claim) => claim.is_superseded(),
            RunOf::Hand(_) => false,
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("request", self.request())
            .field("attempt", &self.attempt())
            .field("index", &self.index())
            .field("reasons", &self.reasons())
            .finish_non_exhaustive()
    }
}
