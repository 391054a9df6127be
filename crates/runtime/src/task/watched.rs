//! A value that is replaced now and then, and that many wait to see replaced.

use std::future::poll_fn;
use std::task::{Poll, Waker};

use parking_lot::Mutex;

/// Cheap to read; whoever waits says which value it has seen.
#[derive(Debug)]
pub(crate) struct Watched<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    value: T,
    number: u64,
    waiting: Vec<Waker>,
}

impl<T: Clone> Watched<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(State { value, number: 0, waiting: Vec::new() }))
    }

    /// The value, and its number.
    pub(crate) fn get(&self) -> (u64, T) {
        let state = self.0.lock();
        (state.number, state.value.clone())
    }

    /// Replaces the value unless `next` says to leave it. Gives what `next` gave.
    pub(crate) fn replace(&self, next: impl FnOnce(&T) -> Option<T>) -> bool {
        let (before, waiting) = {
            let mut state = self.0.lock();
            let Some(value) = next(&state.value) else { return false };
            state.number += 1;
            (std::mem::replace(&mut state.value, value), std::mem::take(&mut state.waiting))
        };
        waiting.into_iter().for_each(Waker::wake);
        drop(before);
        true
    }

    /// Ends once the value is another than the one of this number. Cancel safe.
    pub(crate) async fn after(&self, number: u64) {
        poll_fn(|cx| {
            let mut state = self.0.lock();
            if state.number != number {
                return Poll::Ready(());
            }
            if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                state.waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}
