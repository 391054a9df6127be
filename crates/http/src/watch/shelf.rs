//! What the last commits look like on the wire, made once for all watches.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parking_lot::Mutex;
use trimtab_store::{EntryEvent, Position, SubscribeRequest};
use trimtab_stream::{Interest, Payload as _, Subject, Topic};

use super::Wanted;
use super::frame::{self, Piece};
use super::wanted::Seen;

/// Commits kept.
const COMMITS: usize = 256;
/// Bytes of entries in them, about as many as their texts have.
const BYTES: usize = 16 << 20;

/// The last commits, oldest first. A watch that is further behind makes its texts for itself.
#[derive(Default)]
pub(crate) struct Shelf(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    commits: BTreeMap<Slot, Arc<Told>>,
    bytes: usize,
}

/// Of the index, what a subscription of this kind was given.
type Slot = (u64, Topic, Option<Subject>);

/// The events of a commit that a subscription was given.
pub(crate) struct Told {
    position: Position,
    events: Arc<[EntryEvent]>,
    bytes: usize,
    pieces: OnceLock<Vec<Option<Piece>>>,
    whole: OnceLock<Option<Bytes>>,
}

impl Shelf {
    /// The commit as it was put there first.
    pub(crate) fn commit(
        &self,
        request: &SubscribeRequest,
        position: Position,
        events: Arc<[EntryEvent]>,
    ) -> Arc<Told> {
        let subject = match request.interest() {
            Interest::All => None,
            Interest::One(subject) => Some(subject.clone()),
        };
        let slot = (position.index.get(), request.topic().clone(), subject);
        let mut kept = self.0.lock();
        if let Some(told) = kept.commits.get(&slot).filter(|told| told.position == position) {
            return Arc::clone(told);
        }
        let told = Arc::new(Told::new(position, events));
        kept.bytes += told.bytes;
        if let Some(replaced) = kept.commits.insert(slot, Arc::clone(&told)) {
            kept.bytes -= replaced.bytes;
        }
        let mut let_go = Vec::new();
        while kept.commits.len() > COMMITS || kept.bytes > BYTES {
            let Some((_, oldest)) = kept.commits.pop_first() else { break };
            kept.bytes -= oldest.bytes;
            let_go.push(oldest);
        }
        drop(kept);
        told
    }

    /// Forgets everything: the store has another history now, which may have other commits of the same indexes.
    pub(crate) fn clear(&self) {
        let forgotten = std::mem::take(&mut *self.0.lock());
        drop(forgotten);
    }
}

impl Told {
    /// Of events that nobody else is told in this form.
    pub(crate) fn new(position: Position, events: Arc<[EntryEvent]>) -> Self {
        let bytes = events.iter().map(EntryEvent::bytes).sum();
        Self { position, events, bytes, pieces: OnceLock::new(), whole: OnceLock::new() }
    }

    /// What a watch is told of it; `None`: nothing.
    pub(crate) fn frame(&self, wanted: &Wanted) -> Option<Bytes> {
        let seen: Vec<Option<Seen>> = self.events.iter().map(|event| wanted.sees(event)).collect();
        if seen.iter().all(Option::is_none) {
            return None;
        }
        if seen.iter().all(|seen| *seen == Some(Seen::Whole)) {
            return self.whole.get_or_init(|| self.text(&seen)).clone();
        }
        self.text(&seen)
    }

    fn text(&self, seen: &[Option<Seen>]) -> Option<Bytes> {
        let pieces = self.pieces.get_or_init(|| self.events.iter().map(Piece::of).collect());
        let told = pieces.iter().zip(seen).filter_map(|(piece, seen)| piece.as_ref().zip(*seen));
        frame::change(self.position, told)
    }
}
