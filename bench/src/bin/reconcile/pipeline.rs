//! A store in memory with a controller that runs on it, and what is written into it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, oneshot};
use trimtab_backend::{Backend, Key, Limits, Memory, Tenancy, Transaction, Uid};
use trimtab_runtime::{Action, Context, Controller, ControllerHandle, Reconciler, Request, Result, Source};
use trimtab_seams::{Instant, Seams};
use trimtab_store::{Basis, Draft, Store, Write};

pub(crate) const KIND: &str = "gateway";
/// Writes in one transaction: the portable limit of operations is 60.
pub(crate) const GROUP: usize = 50;
const WORKERS: usize = 8;

/// What the reconciler counts down, and whom it tells of the last awaited run.
pub(crate) struct Runs {
    seams: Seams,
    pending: AtomicUsize,
    started: AtomicU64,
    last: Notify,
}

impl Runs {
    pub(crate) fn new(seams: &Seams) -> Arc<Self> {
        Arc::new(Self {
            seams: seams.clone(),
            pending: AtomicUsize::new(0),
            started: AtomicU64::new(0),
            last: Notify::new(),
        })
    }

    pub(crate) fn expect(&self, runs: usize) {
        self.pending.store(runs, Ordering::Release);
    }

    /// The last awaited run has begun; gives when.
    pub(crate) async fn ended(&self) -> Instant {
        self.last.notified().await;
        Instant::from_nanos(self.started.load(Ordering::Acquire))
    }

    pub(crate) fn run(&self) {
        if self.pending.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.started.store(self.seams.now().as_nanos(), Ordering::Release);
            self.last.notify_one();
        }
    }
}

/// Reads its entry. Keys without one ask for a run in an hour or later.
struct NoOp(Arc<Runs>);

impl Reconciler for NoOp {
    async fn reconcile(&self, ctx: &Context, request: Request) -> Result<Action> {
        let found = ctx.entry(&request)?;
        self.0.run();
        Ok(match found {
            Some(_) => Action::done(),
            None => {
                let spread = Duration::from_nanos(ctx.random() % 3_600_000_000_000);
                Action::requeue_after(Duration::from_secs(3600) + spread)
            }
        })
    }
}

pub(crate) struct Pipeline {
    pub(crate) store: Store,
    pub(crate) seams: Seams,
    pub(crate) runs: Arc<Runs>,
    running: Option<Running>,
}

/// A controller's handle, what stops it, and what tells that it has ended.
pub(crate) struct Running {
    pub(crate) handle: ControllerHandle,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Running {
    pub(crate) fn start(store: &Store, reconciler: impl Reconciler) -> Self {
        let controller =
            Controller::new(store, reconciler).subscribe(Source::kind(KIND)).with_workers(WORKERS);
        let handle = controller.handle();
        let (stop, stopped) = oneshot::channel::<()>();
        let (end, ended) = oneshot::channel();
        store.seams().spawn("controller", async move {
            controller.run(async move { drop(stopped.await) }).await.expect("a bench does not break it");
            _ = end.send(());
        });
        Self { handle, stop, ended }
    }

    pub(crate) async fn stop(self) {
        drop(self.stop);
        _ = self.ended.await;
    }
}

impl Pipeline {
    /// A store over a backend, and no controller yet.
    pub(crate) async fn over(backend: impl Backend, seams: &Seams) -> Self {
        let store = Store::builder(backend).seams(seams).open().await.expect("it is in memory");
        Self { store, seams: seams.clone(), runs: Runs::new(seams), running: None }
    }

    /// Starts the controller; its first snapshot is not waited for.
    pub(crate) fn start(&mut self) -> &ControllerHandle {
        let running = Running::start(&self.store, NoOp(Arc::clone(&self.runs)));
        &self.running.insert(running).handle
    }

    /// Fills the store with these, runs a controller on them and waits until it has reconciled them all, and sleeps.
    pub(crate) async fn warm(&mut self, drafts: &[Write]) {
        self.fill(drafts).await;
        self.runs.expect(drafts.len());
        let handle = self.start().clone();
        if drafts.is_empty() {
            assert!(handle.synced().await, "it runs");
        } else {
            self.runs.ended().await;
        }
        self.rest().await;
    }

    pub(crate) async fn fill(&self, drafts: &[Write]) {
        for group in drafts.chunks(GROUP) {
            self.store.commit(group.to_vec()).await.expect("memory takes it");
        }
    }

    /// Parks so many keys that have no entry.
    pub(crate) async fn park(&self, keys: usize) {
        let Some(running) = self.running.as_ref().filter(|_| keys > 0) else { return };
        self.runs.expect(keys);
        let keys = (0..keys).map(|n| Key::new(KIND, &format!("parked-{n:07}")));
        running.handle.enqueue(keys.collect::<Vec<_>>());
        self.runs.ended().await;
        self.rest().await;
    }

    /// Asks the controller for runs of these.
    pub(crate) fn enqueue(&self, keys: Vec<Key>) {
        self.running.as_ref().expect("it was started").handle.enqueue(keys);
    }

    async fn rest(&self) {
        self.seams.sleep(Duration::from_millis(20)).await;
    }

    pub(crate) async fn stop(self) {
        if let Some(running) = self.running {
            running.stop().await;
        }
        self.store.close().await;
    }
}

fn name(n: usize) -> String {
    format!("entry-{n:07}")
}

/// Drafts with a value of 200 bytes, which differs from edition to edition.
fn draft(n: usize, edition: usize) -> Draft {
    let value = format!("{edition:0200}");
    Draft::json(KIND, &name(n), &serde_json::json!({ "value": value }))
}

pub(crate) fn keys(n: usize) -> Vec<Key> {
    (0..n).map(|n| Key::new(KIND, &name(n))).collect()
}

pub(crate) fn creates(n: usize) -> Vec<Write> {
    (0..n).map(|n| draft(n, 0).create()).collect()
}

pub(crate) fn updates(n: usize, edition: usize) -> Vec<Write> {
    (0..n).map(|n| draft(n, edition).apply()).collect()
}

/// What the door makes of writes: ready to be committed, so many at a time.
pub(crate) fn records(store: &Store, writes: &[Write], at_once: usize) -> Vec<Transaction> {
    let view = store.view();
    let basis = Basis {
        home: &Tenancy::default(),
        limits: &Limits::PORTABLE,
        now: SystemTime::UNIX_EPOCH,
        current: &|key| view.entry(key).expect("followed"),
        rebase: &|_| None,
        follows: &|_| true,
        uid: &|| Uid::from_random([7; 16]),
    };
    let resolve = |writes: &[Write]| Write::resolve(writes.to_vec(), &basis).expect("it fits").transaction;
    writes.chunks(at_once).map(resolve).collect()
}

/// A backend in memory, kept to write into it directly.
pub(crate) fn memory(seams: &Seams) -> Memory {
    Memory::with_seams(seams)
}
