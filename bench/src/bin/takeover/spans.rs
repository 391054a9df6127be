//! When a lease was valid, and for whom.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use trimtab_backend::{Held, Index};
use trimtab_seams::Instant;

/// That a lease was known to be valid from one time until another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    from: Instant,
    until: Instant,
    pub(crate) epoch: Index,
}

/// The spans of one lease.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans(Arc<Mutex<Vec<Span>>>);

impl Spans {
    /// It was granted, or renewed, as was just heard.
    pub(crate) fn note(&self, held: &Held, now: Instant) {
        let span = Span { from: now, until: held.valid_until(), epoch: held.epoch() };
        self.0.lock().expect("a list").push(span);
    }

    /// The epoch that began last.
    pub(crate) fn epoch(&self) -> Option<Index> {
        self.0.lock().expect("a list").iter().map(|span| span.epoch).max()
    }

    /// Whether it is valid at a time.
    pub(crate) fn are_valid_at(&self, now: Instant) -> bool {
        self.0.lock().expect("a list").iter().any(|span| span.from <= now && now < span.until)
    }

    /// Whether it was granted or renewed after a time.
    pub(crate) fn heard_since(&self, then: Instant) -> bool {
        self.0.lock().expect("a list").iter().any(|span| span.from > then)
    }

    /// How long it was valid for nobody between two times.
    ///
    /// # Panics
    /// When it was valid under two epochs at once.
    pub(crate) fn gap(&self, from: Instant, to: Instant) -> Duration {
        let mut spans = self.0.lock().expect("a list").clone();
        spans.sort_by_key(|span| span.from);
        let (mut gap, mut covered, mut epoch) = (Duration::ZERO, from, Index::ZERO);
        for span in spans.iter().filter(|span| span.until > from && span.from < to) {
            assert!(
                span.epoch == epoch || span.from >= covered || epoch == Index::ZERO,
                "two hold it at once"
            );
            if span.from > covered {
                gap += span.from - covered;
            }
            (covered, epoch) = (covered.max(span.until), span.epoch);
        }
        if covered < to { gap + (to - covered) } else { gap }
    }
}
