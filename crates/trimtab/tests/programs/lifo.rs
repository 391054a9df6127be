//! A queue of one's own: last in, first out, no delays, no priorities. What it owes a controller are four methods and a place for claims to come home to.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use trimtab::queue::{Add, Claim, Finish, Item, Merge, Outcome, WorkQueue};

/// Last in, first out.
pub(crate) struct Lifo<T, D>(Arc<Stack<T, D>>);

struct Stack<T, D> {
    state: Mutex<State<T, D>>,
    changed: Notify,
}

struct State<T, D> {
    line: Vec<(T, D)>,
    running: Vec<T>,
    shut: bool,
}

impl<T: Item, D: Merge> Stack<T, D> {
    fn push(&self, item: T, data: D) {
        let line = &mut self.state.lock().line;
        match line.iter_mut().find(|waiting| waiting.0 == item) {
            Some(waiting) => waiting.1.merge(data),
            None => line.push((item, data)),
        }
        self.changed.notify_one();
    }

    fn pop(&self) -> Option<(T, D)> {
        let State { line, running, .. } = &mut *self.state.lock();
        let last = line.iter().rposition(|(item, _)| !running.contains(item))?;
        running.push(line[last].0.clone());
        Some(line.remove(last))
    }
}

impl<T: Item, D: Merge> WorkQueue<T, D> for Lifo<T, D> {
    fn push(&self, add: Add<T, D>) {
        self.0.push(add.item, add.data);
    }

    async fn get(&self) -> Option<Claim<T, D>> {
        loop {
            let changed = self.0.changed.notified();
            if self.0.state.lock().shut {
                return None;
            }
            if let Some((item, data)) = self.0.pop() {
                return Some(Claim::new(item, data, Arc::clone(&self.0) as Arc<dyn Finish<T, D>>));
            }
            changed.await;
        }
    }

    fn forget(&self, _: &T) {}

    fn shutdown(&self) {
        self.0.state.lock().shut = true;
        self.0.changed.notify_waiters();
    }
}

impl<T: Item, D: Merge> Finish<T, D> for Stack<T, D> {
    fn finish(&self, item: T, data: D, outcome: Outcome) {
        self.state.lock().running.retain(|running| *running != item);
        match outcome {
            Outcome::Done => self.changed.notify_one(), // it may have been added meanwhile
            _ => self.push(item, data),
        }
    }
}

impl<T, D> Default for Lifo<T, D> {
    fn default() -> Self {
        let state = Mutex::new(State { line: Vec::new(), running: Vec::new(), shut: false });
        Self(Arc::new(Stack { state, changed: Notify::new() }))
    }
}
