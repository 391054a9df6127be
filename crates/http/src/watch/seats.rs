//! How many watches there are at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the watches.
#[derive(Default)]
pub(crate) struct Seats(AtomicUsize);

/// A watch's place; given back when it is dropped.
pub(crate) struct Seat(Arc<Seats>);

impl Seats {
    /// A place, unless `limit` are taken.
    pub(crate) fn take(self: &Arc<Self>, limit: usize) -> Option<Seat> {
        let taken = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| (taken < limit).then_some(taken + 1));
        taken.ok().map(|_| Seat(Arc::clone(self)))
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_places_as_allowed_and_one_that_is_left_can_be_taken_again() {
        let seats = Arc::<Seats>::default();
        let first = seats.take(2).unwrap();
        let second = seats.take(2);
        assert!(second.is_some() && seats.take(2).is_none());
        drop(first);
        assert_eq!(seats.taken(), 1);
        assert!(seats.take(2).is_some());
    }
}
