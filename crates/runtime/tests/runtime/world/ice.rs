//! A process that sleeps: tasks that do not go on while it is frozen, and find afterwards that time has passed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use trimtab_seams::{BoxFuture, Seams, Spawn};

#[derive(Default)]
pub(crate) struct IceGate(Mutex<(bool, Vec<Waker>)>);

impl IceGate {
    pub(crate) fn set(&self, frozen: bool) {
        let mut gate = self.0.lock();
        gate.0 = frozen;
        let waiting = if frozen { Vec::new() } else { std::mem::take(&mut gate.1) };
        drop(gate);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// Starts tasks that stand still while the gate is frozen.
pub(crate) struct IcySpawn {
    seams: Seams,
    gate: Arc<IceGate>,
    /// Of this name only.
    only: Option<&'static str>,
}

impl IcySpawn {
    pub(crate) fn new(seams: &Seams, gate: &Arc<IceGate>) -> Self {
        Self { seams: seams.clone(), gate: Arc::clone(gate), only: None }
    }

    /// Only tasks of this name stand still.
    pub(crate) fn only(self, name: &'static str) -> Self {
        Self { only: Some(name), ..self }
    }
}

impl Spawn for IcySpawn {
    fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>) {
        if self.only.is_some_and(|only| only != name) {
            return self.seams.spawn(name, task);
        }
        self.seams.spawn(name, Icy { task, gate: Arc::clone(&self.gate) });
    }

    fn spawn_blocking(&self, name: &'static str, work: Box<dyn FnOnce() + Send>) {
        self.seams.spawn_blocking(name, work);
    }
}

struct Icy {
    task: BoxFuture<'static, ()>,
    gate: Arc<IceGate>,
}

impl Future for Icy {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut gate = self.gate.0.lock();
        if gate.0 {
            gate.1.push(cx.waker().clone());
            return Poll::Pending;
        }
        drop(gate);
        self.task.as_mut().poll(cx)
    }
}
