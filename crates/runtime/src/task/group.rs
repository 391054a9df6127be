//! Tasks that are waited for.
//!
//! Nothing that a controller starts outlives its `run` (behaviour C14), so every task goes through a group, which counts those that
//! have not ended.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Poll, Waker};

use parking_lot::Mutex;
use trimtab_seams::Seams;

/// A set of tasks. Clones are the same set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group(Arc<Mutex<Members>>);

#[derive(Debug, Default)]
struct Members {
    running: usize,
    waiting: Vec<Waker>,
}

impl Group {
    /// Starts a task in the group.
    pub(crate) fn spawn(
        &self,
        seams: &Seams,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let member = self.join();
        seams.spawn(name, async move {
            // Moved in, so that it leaves when the task has been dropped, however that came about.
            let _member = member;
            task.await;
        });
    }

    /// A membership without a task of its own; ends when it is dropped.
    pub(crate) fn join(&self) -> Member {
        self.0.lock().running += 1;
        Member(self.clone())
    }

    /// Ends once no task of the group runs. Cancel safe.
    pub(crate) async fn ended(&self) {
        poll_fn(|cx| {
            let mut members = self.0.lock();
            if members.running == 0 {
                return Poll::Ready(());
            }
            if !members.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                members.waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

pub(crate) struct Member(Group);

impl Drop for Member {
    fn drop(&mut self) {
        let mut members = self.0.0.lock();
        members.running -= 1;
        let waiting = if members.running == 0 { std::mem::take(&mut members.waiting) } else { Vec::new() };
        drop(members);
        waiting.into_iter().for_each(Waker::wake);
    }
}
