//! What a controller, its handles, its tasks and its contexts share.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tracing::Span;
use trimtab_backend::{Index, KindName, Position};
use trimtab_queue::{Add, Priority};
use trimtab_seams::Seams;
use trimtab_store::{AtLeastError, Snapshot, Store};

use super::any_queue::{AnyQueue, Entering};
use super::echoes::Echoes;
use super::error::RunError;
use super::history::Run;
use super::marks::Marks;
use super::passed_over::PassedOver;
use super::settings::Settings;
use super::term::Term;
use super::troubles::Troubles;
use crate::Request;
use crate::cause::{Cause, Reason};
use crate::lease_use::{Keeper, Placement};
use crate::metrics::Tally;
use crate::source::Health;
use crate::task::{Group, Signal};
use crate::trigger::Triggers;

/// One controller, from the first line of its builder until the last handle is gone.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) seams: Seams,
    name: Mutex<Name>,
    kind: OnceLock<KindName>,
    running: OnceLock<Running>,
    /// Enqueued before `run`.
    early: Mutex<Vec<Entering>>,
    /// Shut down: intake ends.
    pub(crate) stop: Signal,
    /// Something is synced for the first time, or the controller has ended: for those who wait for the first snapshots.
    pub(crate) synced: Signal,
    pub(crate) group: Group,
    pub(crate) triggers: Triggers,
    pub(crate) answered: Marks,
    /// Own writes that the view does not show yet.
    pub(crate) unseen: Marks,
    pub(crate) echoes: Echoes,
    pub(crate) troubles: Troubles,
    term: Mutex<Option<Arc<Term>>>,
    pub(crate) sources: Mutex<Vec<Arc<Health>>>,
    broken: Mutex<Option<RunError>>,
    placement: Mutex<Option<Placement>>,
    keeper: OnceLock<Arc<Keeper>>,
    /// Its keys are shared out among replicas.
    shared: AtomicBool,
    pub(super) passed_over: PassedOver,
    /// No owner cascade is known to run beside it, and nobody has been told so yet.
    lone: AtomicBool,
    /// Counts the times the store's indexes began anew: an index of another era demands nothing.
    era: AtomicU8,
    resets: AtomicU64,
    runs: AtomicU64,
}

#[derive(Debug)]
struct Running {
    queue: AnyQueue,
    settings: Settings,
    tallies: Box<[Tally]>,
}

#[derive(Debug)]
struct Name {
    text: Arc<str>,
    given: bool,
}

impl Core {
    pub(crate) fn new(store: &Store) -> Self {
        Self {
            store: store.clone(),
            seams: store.seams().clone(),
            name: Mutex::new(Name { text: "controller".into(), given: false }),
            kind: OnceLock::new(),
            running: OnceLock::new(),
            early: Mutex::default(),
            stop: Signal::default(),
            synced: Signal::default(),
            group: Group::default(),
            triggers: Triggers::default(),
            answered: Marks::default(),
            unseen: Marks::default(),
            echoes: Echoes::default(),
            troubles: Troubles::default(),
            term: Mutex::default(),
            sources: Mutex::default(),
            broken: Mutex::default(),
            placement: Mutex::default(),
            keeper: OnceLock::new(),
            shared: AtomicBool::new(false),
            passed_over: PassedOver::default(),
            lone: AtomicBool::new(true),
            era: AtomicU8::new(0),
            resets: AtomicU64::new(store.health().resets),
            runs: AtomicU64::new(0),
        }
    }

    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.name.lock().text)
    }

    /// Gives it a name; one that was `given` is not replaced by a guessed one.
    pub(super) fn set_name(&self, text: &str, given: bool) {
        let mut name = self.name.lock();
        if given || !name.given && &*name.text == "controller" {
            *name = Name { text: text.into(), given };
        }
    }

    /// Its kind, unless an earlier source has said it.
    pub(super) fn set_kind(&self, kind: &str) {
        self.kind.get_or_init(|| KindName::new(kind));
    }

    pub(super) fn kind(&self) -> Option<&KindName> {
        self.kind.get()
    }

    /// The last runs, the newest first; none without a history.
    pub(super) fn runs(&self, wanted: impl Fn(&Run) -> bool, limit: usize) -> Vec<Run> {
        let history = self.running.get().and_then(|running| running.settings.history.as_ref());
        history.map_or_else(Vec::new, |history| history.runs(wanted, limit))
    }

    /// The span that everything of this controller is logged in.
    pub(crate) fn span(&self) -> Span {
        self.running.get().map_or_else(Span::none, |running| running.settings.span.clone())
    }

    pub(super) fn begin(&self, queue: AnyQueue, settings: Settings) {
        let tallies = (0..settings.workers).map(|_| Tally::default()).collect();
        let mut early = self.early.lock();
        // A controller is consumed by `run`, so this is the first and only time.
        let _ = self.running.set(Running { queue, settings, tallies });
        self.queue().push_all(&mut early);
        *early = Vec::new();
    }

    fn running(&self) -> &Running {
        self.running.get().expect("set before any task begins")
    }

    pub(crate) fn queue(&self) -> &AnyQueue {
        &self.running().queue
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.running.get().is_some()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.running().settings
    }

    pub(crate) fn tally(&self, worker: usize) -> &Tally {
        &self.running().tallies[worker]
    }

    pub(crate) fn tallies(&self) -> &[Tally] {
        self.running.get().map_or(&[], |running| &running.tallies)
    }

    /// A number for a run, to tell it from others in the log.
    pub(crate) fn next_run(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether its keys are shared out among replicas.
    pub(super) fn is_shared(&self) -> bool {
        self.shared.load(Ordering::Relaxed)
    }

    pub(crate) fn enqueue_for(&self, request: Request, reason: Reason, priority: Priority) {
        self.push(Add::now(request).carrying(Cause::of(reason)).with_priority(priority));
    }

    pub(crate) fn push(&self, add: Entering) {
        if !self.admits(&add.item) {
            return;
        }
        if self.running.get().is_none() {
            let mut early = self.early.lock();
            if self.running.get().is_none() {
                early.push(add);
                return;
            }
        }
        self.queue().push(add);
    }

    /// Queues all of a buffer, and leaves it empty.
    pub(crate) fn push_all(&self, adds: &mut Vec<Entering>) {
        if self.is_shared() {
            adds.retain(|add| self.admits(&add.item));
        }
        if adds.len() == 1 {
            adds.drain(..).for_each(|add| self.push(add));
        } else {
            self.queue().push_all(adds);
        }
    }

    pub(super) fn set_placement(&self, placement: Placement) {
        *self.placement.lock() = Some(placement);
    }

    /// Where it runs; nothing said: everywhere.
    pub(super) fn placement(&self) -> Placement {
        self.placement.lock().clone().unwrap_or_default()
    }

    /// Where it runs, when it has not been said.
    pub(super) fn inherit_placement(&self, placement: &Placement) {
        self.placement.lock().get_or_insert_with(|| placement.clone());
    }

    pub(super) fn keeper(&self) -> Option<&Arc<Keeper>> {
        self.keeper.get()
    }

    pub(super) fn set_keeper(&self, keeper: Option<Arc<Keeper>>) {
        if let Some(keeper) = keeper {
            self.shared.store(keeper.is_shared(), Ordering::Relaxed);
            // `run` comes by once.
            let _ = self.keeper.set(keeper);
        }
    }

    /// Why the lease cannot be had.
    pub(super) fn lease_error(&self) -> Option<String> {
        self.keeper.get()?.error()
    }

    pub(super) fn set_term(&self, term: Option<Arc<Term>>) {
        *self.term.lock() = term;
    }

    pub(crate) fn term(&self) -> Option<Arc<Term>> {
        self.term.lock().clone()
    }

    /// Ends the intake.
    pub(crate) fn shut_down(&self) {
        // Each step again, should it have been shut down before it began.
        self.stop.raise();
        self.triggers.close();
        if let Some(term) = self.term() {
            term.intake.raise();
        }
        if let Some(running) = self.running.get() {
            if running.settings.drain_queue {
                running.queue.shut_down_and_drain();
            } else {
                running.queue.shutdown();
            }
        }
    }

    /// Ends everything now: for a `run` that was dropped, and past the drain deadline.
    pub(crate) fn cancel(&self) {
        self.shut_down();
        if let Some(running) = self.running.get() {
            running.queue.shutdown();
        }
        if let Some(term) = self.term() {
            term.lose();
        }
    }

    /// The store takes no more writes: `run` ends and says so.
    pub(crate) fn broke(&self, what: &str) {
        self.broken.lock().get_or_insert(RunError::Broken { what: what.into() });
        self.shut_down();
    }

    pub(super) fn take_broken(&self) -> Option<RunError> {
        self.broken.lock().take()
    }

    /// A snapshot of at least this index. Waits for as long as it takes; race it.
    pub(crate) async fn at_least(&self, index: Index) -> Result<Snapshot, AtLeastError> {
        let Some(Position { store, .. }) = self.store.position() else { return Ok(self.store.snapshot()) };
        self.store.at_least(Position { store, index }).await
    }

    /// An owner cascade runs beside it, or none is wanted.
    pub(crate) fn is_not_alone(&self) {
        self.lone.store(false, Ordering::Relaxed);
    }

    /// Says once that what is owned is not deleted with its owners, when nothing here does it.
    pub(crate) fn warn_of_owned(&self, owned: impl FnOnce() -> bool) {
        if self.lone.load(Ordering::Relaxed) && owned() && self.lone.swap(false, Ordering::Relaxed) {
            let controller = self.name();
            tracing::warn!(%controller, "an entry with an owner was committed, and no owner cascade runs beside this controller: nothing deletes it with its owner; run the controller in a `Manager`, or `owners::cascade` beside it");
        }
    }

    pub(crate) fn era(&self) -> u8 {
        self.era.load(Ordering::Acquire)
    }

    /// Notes when the store's view was read anew as a whole, so that indexes from before demand nothing. Asked only when something demands more than
    /// the view has.
    pub(crate) fn look_for_reset(&self) {
        let resets = self.store.health().resets;
        if self.resets.swap(resets, Ordering::AcqRel) != resets {
            self.begin_era();
        }
    }

    /// The store's indexes may have begun anew: what was noted by them means nothing.
    pub(crate) fn begin_era(&self) {
        self.era.fetch_add(1, Ordering::AcqRel);
        self.answered.clear();
        self.unseen.clear();
    }
}
