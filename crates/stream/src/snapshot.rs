//! A snapshot on its way to a subscriber: drawn from its iterator in chunks, when the subscriber asks.
//!
//! The iterator pins whatever the snapshot was taken of, so it can be taken away from a subscriber that does not come back for it. It
//! lies under a lock for that, and is out of it while it is drawn from: no lock is held across the topic's code.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use trimtab_seams::Instant;

use crate::topic_spec::SnapshotEvents;

/// Events drawn at most for one message.
const CHUNK: usize = 256;

pub(crate) struct Snapshot<P> {
    /// The time of the last draw.
    progress: AtomicU64,
    events: Mutex<Events<P>>,
}

enum Events<P> {
    Here(SnapshotEvents<P>),
    /// Being drawn from, or at its end.
    Out,
    Expired,
}

/// What a draw gave.
pub(crate) enum Drawn {
    /// There may be more.
    Some,
    /// These were the last.
    Last,
    /// It was taken away.
    Expired,
}

impl<P> Snapshot<P> {
    pub(crate) fn new(events: SnapshotEvents<P>, now: Instant) -> Self {
        Self { progress: AtomicU64::new(now.as_nanos()), events: Mutex::new(Events::Here(events)) }
    }

    /// Draws events that are to be kept into the buffer.
    pub(crate) fn draw(
        &self,
        keep: impl Fn(&P) -> bool,
        buffer: &mut Vec<P>,
        now: impl FnOnce() -> Instant,
    ) -> Drawn {
        let taken = {
            let mut here = self.events.lock();
            match std::mem::replace(&mut *here, Events::Out) {
                Events::Here(events) => Some(events),
                other => {
                    *here = other;
                    None
                }
            }
        };
        let Some(mut events) = taken else { return Drawn::Expired };
        for _ in 0..CHUNK {
            match events.next() {
                Some(event) if keep(&event) => buffer.push(event),
                Some(_) => {}
                None => return Drawn::Last,
            }
        }
        self.progress.store(now().as_nanos(), Ordering::Release);
        let mut here = self.events.lock();
        if matches!(*here, Events::Expired) {
            return Drawn::Expired;
        }
        *here = Events::Here(events);
        Drawn::Some
    }

    pub(crate) fn last_progress(&self) -> Instant {
        Instant::from_nanos(self.progress.load(Ordering::Acquire))
    }

    /// Takes the iterator away.
    pub(crate) fn expire(&self) {
        let events = std::mem::replace(&mut *self.events.lock(), Events::Expired);
        drop(events);
    }
}

/// Gives the buffer's events as one shared slice, and keeps the buffer.
pub(crate) fn shared<P>(buffer: &mut Vec<P>) -> Arc<[P]> {
    buffer.drain(..).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;

    /// behaviour S7: an iterator that itself takes longer than the patience is not put back when it returns at last.
    #[test]
    fn a_snapshot_that_expires_while_it_is_drawn_from_is_freed_and_gives_nothing() {
        let (own, pinned) = (Arc::new(OnceLock::<Arc<Snapshot<u32>>>::new()), Arc::new(()));
        let (of_iterator, pin) = (Arc::clone(&own), Arc::clone(&pinned));
        let events = (0..1_000).inspect(move |_| {
            std::hint::black_box(&pin);
            of_iterator.get().expect("it is drawn from after it is made").expire();
        });
        let snapshot = Arc::new(Snapshot::new(Box::new(events), Instant::ORIGIN));
        assert!(own.set(Arc::clone(&snapshot)).is_ok());
        let mut buffer = Vec::new();
        assert!(matches!(snapshot.draw(|_| true, &mut buffer, || Instant::ORIGIN), Drawn::Expired));
        assert_eq!(Arc::strong_count(&pinned), 1);
        assert!(matches!(snapshot.draw(|_| true, &mut buffer, || Instant::ORIGIN), Drawn::Expired));
    }
}
