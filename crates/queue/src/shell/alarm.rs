//! The one alarm of a queue, for its earliest promise.
//!
//! A timer in each waiting worker would wake all of them for one key, and the one who is cancelled would have to hand his over. One timer
//! belongs to the queue instead, and is set only while a worker is parked and something is promised: an idle queue sleeps (behaviour Q17).

use std::sync::{Arc, Weak};
use std::task::{Context, Wake};

use super::shared::Shared;
use crate::core::NEVER;
use crate::{Item, Merge};

/// The timer's waker. Weak, for the timer is part of what it rings for.
pub(super) struct Bell<T, D>(pub(super) Weak<Shared<T, D>>);

impl<T: Item, D: Merge> Wake for Bell<T, D> {
    fn wake(self: Arc<Self>) {
        if let Some(shared) = self.0.upgrade() {
            shared.ring();
        }
    }
}

impl<T: Item, D: Merge> Shared<T, D> {
    /// The time of the earliest promise has come: one parked worker looks at the clock and puts what is due in line.
    fn ring(&self) {
        let mut state = self.state.lock();
        state.ring();
        self.settle(state);
    }

    /// Sets the alarm to what it should be. The timer's lock is taken first and the due time read under it, so of two threads
    /// that set it the later one has seen the later state.
    pub(super) fn set_alarm(&self) {
        let mut timer = self.timer.lock();
        let Some(due) = self.state.lock().arm() else { return };
        let timer_is_due = if due == NEVER {
            timer.iter_mut().for_each(|timer| timer.reset(NEVER));
            false
        } else {
            let timer = timer.get_or_insert_with(|| self.seams.timer());
            timer.reset(due);
            timer.poll_elapsed(&mut Context::from_waker(&self.bell)).is_ready()
        };
        drop(timer);
        if timer_is_due {
            self.ring();
        }
    }
}
