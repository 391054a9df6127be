//! Work that comes after a pause of 1 ms, when everything sleeps: how long until its reconcile begins; and how late a promised run is.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use trimtab_backend::{Backend, Expect, Key, Memory, Operation, Transaction};
use trimtab_bench::{Round, latency};
use trimtab_runtime::{Action, Context, Reconciler, Request, Result};
use trimtab_seams::{Instant, Seams};
use trimtab_store::{Store, Write};

use super::World;
use super::pipeline::{KIND, Pipeline, Running, Runs, creates, memory, records, updates};

const PAUSE: Duration = Duration::from_millis(1);
/// Entries that are updated in turn.
const RING: usize = 1_000;
/// After how long a promised run asks for the next.
const AGAIN: Duration = Duration::from_micros(1_300);

/// Who sends.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Sender {
    /// A task of the runtime.
    Task,
    /// A thread of its own.
    Thread,
}

/// What is sent, one by one.
enum Load {
    Drafts(Store, std::vec::IntoIter<Write>),
    /// Does not wait for the view: what a thread that waits would measure is its own waking.
    Door(Store, std::vec::IntoIter<Write>),
    Records(Memory, std::vec::IntoIter<Transaction>),
    Channel(mpsc::UnboundedSender<()>),
}

impl Load {
    async fn send(&mut self) {
        const ENOUGH: &str = "as many as are sent";
        const TAKEN: &str = "memory takes it";
        match self {
            Self::Drafts(store, writes) => {
                store.commit(writes.next().expect(ENOUGH)).await.expect(TAKEN);
            }
            Self::Door(store, writes) => {
                let write = writes.next().expect(ENOUGH);
                store.door().commit(write, &store.view(), &[]).await.expect(TAKEN);
            }
            Self::Records(memory, writes) => {
                memory.commit(writes.next().expect(ENOUGH)).await.expect(TAKEN);
            }
            Self::Channel(sender) => sender.send(()).expect("somebody listens"),
        }
    }
}

/// Sends `n` times after a pause each, and tells the waits from just before each sending to the start of the run.
async fn measure(
    world: (&Seams, Handle),
    n: usize,
    sender: Sender,
    mut load: Load,
    runs: Arc<Runs>,
) -> Round {
    let (seams, handle) = world;
    let mut waits = Vec::with_capacity(n);
    let clock = seams.clone();
    let mut one = async move || {
        runs.expect(1);
        let sent = clock.now();
        load.send().await;
        runs.ended().await - sent
    };
    if sender == Sender::Task {
        for _ in 0..n {
            seams.sleep(PAUSE).await;
            waits.push(one().await);
        }
        return latency(waits);
    }
    let (told, tell) = oneshot::channel();
    seams.spawn_blocking("sender", move || {
        for _ in 0..n {
            std::thread::park_timeout(PAUSE);
            waits.push(handle.block_on(one()));
        }
        drop(told.send(waits));
    });
    latency(tell.await.expect("the thread ends"))
}

/// Commits by the store's door.
pub(crate) fn commits(world: World<'_>, n: usize, sender: Sender, parked: usize) -> Round {
    idle(world, n, sender, parked, move |pipeline, _| {
        let writes = ring(n).into_iter();
        let store = pipeline.store.clone();
        match sender {
            Sender::Task => Load::Drafts(store, writes),
            Sender::Thread => Load::Door(store, writes),
        }
    })
}

/// What the updates come to, whatever was there before.
fn records_of_ring(pipeline: &Pipeline, n: usize) -> Vec<Transaction> {
    let blind = |mut transaction: Transaction| {
        for operation in &mut transaction.operations {
            if let Operation::Put { expect, .. } = operation {
                *expect = Expect::Anything;
            }
        }
        transaction
    };
    records(&pipeline.store, &ring(n), 1).into_iter().map(blind).collect()
}

/// Commits of ready records, into the backend.
pub(crate) fn ready(world: World<'_>, n: usize, sender: Sender) -> Round {
    idle(world, n, sender, 0, move |pipeline, memory| {
        Load::Records(memory, records_of_ring(pipeline, n).into_iter())
    })
}

fn ring(n: usize) -> Vec<Write> {
    let editions = n.div_ceil(RING);
    let mut writes: Vec<_> = (1..=editions).flat_map(|edition| updates(RING, edition)).collect();
    writes.truncate(n);
    writes
}

fn idle(
    world: World<'_>,
    n: usize,
    sender: Sender,
    parked: usize,
    load: impl FnOnce(&Pipeline, Memory) -> Load + Send + 'static,
) -> Round {
    let (seams, handle) = (world.seams.clone(), world.runtime.handle().clone());
    world.on_task(async move {
        let memory = memory(&seams);
        let mut pipeline = Pipeline::over(memory.clone(), &seams).await;
        pipeline.warm(&creates(RING)).await;
        pipeline.park(parked).await;
        let load = load(&pipeline, memory);
        let round = measure((&seams, handle), n, sender, load, Arc::clone(&pipeline.runs)).await;
        pipeline.stop().await;
        round
    })
}

/// A bare channel of tokio's, to a task that waits.
pub(crate) fn channel(world: World<'_>, n: usize, sender: Sender) -> Round {
    let (seams, handle) = (world.seams.clone(), world.runtime.handle().clone());
    world.on_task(async move {
        let (sending, mut receiving) = mpsc::unbounded_channel();
        let runs = Runs::new(&seams);
        let worker = Arc::clone(&runs);
        seams.spawn("worker", async move {
            while receiving.recv().await.is_some() {
                worker.run();
            }
        });
        measure((&seams, handle), n, sender, Load::Channel(sending), runs).await
    })
}

/// One key that promises itself its next run, again and again; all others are parked.
struct Again {
    runs: Arc<Runs>,
    due: Mutex<Option<Instant>>,
    late: Mutex<Vec<Duration>>,
}

struct Promises(Arc<Again>);

impl Reconciler for Promises {
    async fn reconcile(&self, ctx: &Context, request: Request) -> Result<Action> {
        let this = &self.0;
        if request.name() != "again" {
            this.runs.run();
            return Ok(Action::requeue_after(Duration::from_secs(3600)));
        }
        let now = ctx.now();
        let mut due = this.due.lock().expect("no panic");
        if let Some(due) = due.take() {
            assert!(now >= due, "a promised run began early");
            this.late.lock().expect("no panic").push(now - due);
            this.runs.run();
        }
        *due = Some(ctx.now() + AGAIN);
        Ok(Action::requeue_after(AGAIN))
    }
}

pub(crate) fn lateness(world: World<'_>, n: usize, parked: usize) -> Round {
    let seams = world.seams.clone();
    world.on_task(async move {
        let pipeline = Pipeline::over(memory(&seams), &seams).await;
        let runs = Runs::new(&seams);
        let again =
            Arc::new(Again { runs: Arc::clone(&runs), due: Mutex::default(), late: Mutex::default() });
        let running = Running::start(&pipeline.store, Promises(Arc::clone(&again)));
        if parked > 0 {
            runs.expect(parked);
            running
                .handle
                .enqueue((0..parked).map(|n| Key::new(KIND, &format!("parked-{n:07}"))).collect::<Vec<_>>());
            runs.ended().await;
        }
        runs.expect(n);
        running.handle.enqueue(Key::new(KIND, "again"));
        runs.ended().await;
        running.stop().await;
        pipeline.stop().await;
        let late = std::mem::take(&mut *again.late.lock().expect("no panic"));
        latency(late)
    })
}
