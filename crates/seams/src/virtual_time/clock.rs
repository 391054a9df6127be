//! The clock that jumps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use crate::{Clock, Instant, Timer};

/// The time of day at the clock's origin: 2026-01-01T00:00:00Z.
const EPOCH: Duration = Duration::from_secs(1_767_225_600);

#[derive(Clone, Debug, Default)]
pub(super) struct VirtualClock(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    now: Instant,
    alarms: BTreeMap<(Instant, u64), Waker>,
    timers: u64,
}

impl VirtualClock {
    /// Jumps to the next alarm and wakes all that are due then. False when there is none.
    pub(super) fn jump(&self) -> bool {
        let mut due = Vec::new();
        {
            let mut state = self.0.lock();
            let Some((&(at, _), _)) = state.alarms.first_key_value() else { return false };
            state.now = state.now.max(at);
            while let Some(first) = state.alarms.first_entry().filter(|first| first.key().0 <= at) {
                due.push(first.remove());
            }
        }
        due.into_iter().for_each(Waker::wake);
        true
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.0.lock().now
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + EPOCH + (self.now() - Instant::ORIGIN)
    }

    fn timer(&self) -> Box<dyn Timer> {
        let mut state = self.0.lock();
        state.timers += 1;
        Box::new(VirtualTimer { clock: self.clone(), id: state.timers, at: Instant::FAR_FUTURE })
    }
}

#[derive(Debug)]
struct VirtualTimer {
    clock: VirtualClock,
    id: u64,
    at: Instant,
}

impl Timer for VirtualTimer {
    fn reset(&mut self, at: Instant) {
        if at != self.at {
            let alarm = self.clock.0.lock().alarms.remove(&(self.at, self.id));
            drop(alarm);
            self.at = at;
        }
    }

    fn poll_elapsed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.0.lock();
        if self.at == Instant::FAR_FUTURE {
            return Poll::Pending;
        }
        if self.at <= state.now {
            let alarm = state.alarms.remove(&(self.at, self.id));
            drop(state);
            drop(alarm);
            return Poll::Ready(());
        }
        let replaced = state.alarms.insert((self.at, self.id), cx.waker().clone());
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for VirtualTimer {
    fn drop(&mut self) {
        let alarm = self.clock.0.lock().alarms.remove(&(self.at, self.id));
        drop(alarm);
    }
}
