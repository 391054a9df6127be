//! Starting work that goes on by itself.

use std::future::Future;
use std::pin::Pin;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Starts tasks. There is no handle to join: whoever must know the end of a task puts that into the task.
pub trait Spawn: Send + Sync + 'static {
    /// Starts a task. The name is for traces and for people.
    fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>);

    /// Starts work that blocks its thread, away from the threads that run tasks.
    fn spawn_blocking(&self, name: &'static str, work: Box<dyn FnOnce() + Send>);

    /// Runs work that blocks (a sync of a file) on this very thread, after telling the executor to move its other tasks elsewhere if it
    /// can. Provided: just runs it.
    fn block_in_place(&self, work: &mut dyn FnMut()) {
        work();
    }
}
