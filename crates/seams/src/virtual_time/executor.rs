//! The single-threaded executor: one task at a time, chosen by the seed.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;

use super::clock::VirtualClock;
use crate::{BoxFuture, Clock, Random, Seeded, Spawn};

/// A busy loop that no timer interrupts is an error of the program, not a reason to hang its test.
const STEPS_WITHOUT_TIME: u32 = 10_000_000;

/// The program itself; spawned tasks count from 1.
const PROGRAM: u64 = 0;

pub(super) struct Executor {
    clock: VirtualClock,
    shared: Arc<Shared>,
    choices: Seeded,
    tasks: BTreeMap<u64, Task>,
    trace: Trace,
}

struct Task {
    name: &'static str,
    future: Option<BoxFuture<'static, ()>>,
    waker: Arc<TaskWaker>,
}

#[derive(Default)]
struct Shared {
    ready: Mutex<Vec<u64>>,
    spawned: Mutex<Vec<(&'static str, BoxFuture<'static, ()>)>>,
}

struct TaskWaker {
    id: u64,
    queued: AtomicBool,
    shared: Arc<Shared>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.shared.ready.lock().push(self.id);
        }
    }
}

/// Starts tasks on the executor. Held by the seams, which may outlive the run: what is started then is dropped at once.
pub(super) struct Spawner(std::sync::Weak<Shared>);

impl Spawn for Spawner {
    fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>) {
        if let Some(shared) = self.0.upgrade() {
            shared.spawned.lock().push((name, task));
        }
    }

    fn spawn_blocking(&self, name: &'static str, work: Box<dyn FnOnce() + Send>) {
        self.spawn(name, Box::pin(async move { work() }));
    }
}

/// FNV-1a over the steps.
struct Trace(u64);

impl Trace {
    fn note(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl Executor {
    pub(super) fn new(clock: VirtualClock, seed: u64) -> Self {
        Self {
            clock,
            shared: Arc::default(),
            choices: Seeded::new(seed),
            tasks: BTreeMap::new(),
            trace: Trace(0xcbf2_9ce4_8422_2325),
        }
    }

    pub(super) fn spawner(&self) -> Spawner {
        Spawner(Arc::downgrade(&self.shared))
    }

    pub(super) fn run<T>(mut self, program: impl Future<Output = T>) -> (T, u64) {
        let mut program = pin!(program);
        self.admit(PROGRAM, "program", None);
        let mut last_id = PROGRAM;
        let mut steps = 0;
        loop {
            let spawned = std::mem::take(&mut *self.shared.spawned.lock());
            for (name, future) in spawned {
                last_id += 1;
                self.admit(last_id, name, Some(future));
            }
            let Some(id) = self.choose() else {
                assert!(self.clock.jump(), "every task waits and no timer is set: {}", self.names());
                steps = 0;
                continue;
            };
            steps += 1;
            assert!(steps < STEPS_WITHOUT_TIME, "tasks go round without the clock moving: {}", self.names());
            let Some(task) = self.tasks.get_mut(&id) else { continue };
            task.waker.queued.store(false, Ordering::Release);
            self.trace.note(task.name.as_bytes());
            self.trace.note(&self.clock.now().as_nanos().to_le_bytes());
            let waker = Waker::from(Arc::clone(&task.waker));
            let mut cx = Context::from_waker(&waker);
            match &mut task.future {
                Some(future) => {
                    if future.as_mut().poll(&mut cx).is_ready() {
                        drop(self.tasks.remove(&id));
                    }
                }
                None => {
                    if let Poll::Ready(result) = program.as_mut().poll(&mut cx) {
                        return (result, self.trace.0);
                    }
                }
            }
        }
    }

    fn admit(&mut self, id: u64, name: &'static str, future: Option<BoxFuture<'static, ()>>) {
        let waker =
            Arc::new(TaskWaker { id, queued: AtomicBool::new(false), shared: Arc::clone(&self.shared) });
        self.tasks.insert(id, Task { name, future, waker: Arc::clone(&waker) });
        waker.wake();
    }

    fn choose(&self) -> Option<u64> {
        let mut ready = self.shared.ready.lock();
        let len = u64::try_from(ready.len()).ok().filter(|&len| len > 0)?;
        let chosen = if len == 1 { 0 } else { self.choices.next_u64() % len };
        Some(ready.swap_remove(usize::try_from(chosen).ok()?))
    }

    fn names(&self) -> String {
        let mut counts = BTreeMap::<_, u32>::new();
        self.tasks.values().for_each(|task| *counts.entry(task.name).or_default() += 1);
        let names: Vec<_> = counts.iter().map(|(name, count)| format!("{name} x{count}")).collect();
        names.join(", ")
    }
}
