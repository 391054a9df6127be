//! Tasks on tokio.

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::{BoxFuture, Spawn};

#[derive(Debug)]
pub(crate) struct TokioSpawn(Option<Handle>);

impl TokioSpawn {
    pub(crate) fn new() -> Self {
        Self(Handle::try_current().ok())
    }

    fn handle(&self) -> Handle {
        self.0.clone().unwrap_or_else(Handle::current)
    }
}

impl Spawn for TokioSpawn {
    fn spawn(&self, _name: &'static str, task: BoxFuture<'static, ()>) {
        self.handle().spawn(task);
    }

    fn spawn_blocking(&self, _name: &'static str, work: Box<dyn FnOnce() + Send>) {
        self.handle().spawn_blocking(work);
    }

    fn block_in_place(&self, work: &mut dyn FnMut()) {
        match Handle::try_current() {
            Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => {
                tokio::task::block_in_place(work);
            }
            _ => work(),
        }
    }
}
