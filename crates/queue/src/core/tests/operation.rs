//! What can happen to a queue, as data.

use crate::Priority;

/// A key. Three for all sequences, more for random ones.
pub(super) type Key = u8;

/// Times are in ticks of the world's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    /// An add now.
    Add(Key, Priority),
    /// An add after so many ticks.
    Defer(Key, u64),
    /// An add that counts a failure; the limiter says so many ticks.
    AddFailed(Key, u64),
    Reschedule(Key, u64),
    Cancel(Key),
    Forget(Key),
    /// A further worker asks for a key.
    Get,
    /// The worker that was woken first asks again.
    Arrive,
    /// The worker that has waited longest is dropped, be it parked or woken.
    DropGet,
    /// The oldest claim ends so.
    Done,
    After(u64),
    Again(u64),
    Retry(u64),
    Fail,
    /// The clock goes on by one, and the alarm rings if it is time.
    Tick,
    /// Drain; the second time, shut down.
    End,
}

impl Operation {
    pub(super) fn key(self) -> Option<Key> {
        match self {
            Self::Add(key, _)
            | Self::Defer(key, _)
            | Self::AddFailed(key, _)
            | Self::Reschedule(key, _)
            | Self::Cancel(key)
            | Self::Forget(key) => Some(key),
            _ => None,
        }
    }
}
