//! From a batch of records to a commit of the state and its events.
//!
//! On the hot path (one commit, one record) it allocates the entry and the batch of events, nothing else: what it needs in between is
//! kept from batch to batch.

use std::sync::Arc;

use hashbrown::HashMap;
use trimtab_backend::{Index, Key, Part, Position, Record, RecordChange};
use trimtab_seams::HashState;

use super::EntryEvent;
use super::core::Core;
use crate::Entry;
use crate::query::Stored;
use crate::state::Writer;

/// What a batch does to one entry.
pub(super) struct Pending {
    pub(super) key: Key,
    pub(super) deleted: bool,
    pub(super) spec: Option<Record>,
    pub(super) status: Option<Record>,
}

/// Applies batches. One a follower.
#[derive(Default)]
pub(super) struct Applier {
    pub(super) pending: Vec<Pending>,
    places: HashMap<Key, usize, HashState>,
    events: Vec<EntryEvent>,
}

impl Applier {
    /// Applies whole commits: the state first, then the events, then whoever waits for the position.
    pub(super) fn apply(&mut self, core: &Core, upto: Position, changes: &[RecordChange]) {
        self.gather(core, changes);
        let mut writer = core.state.write();
        for pending in self.pending.drain(..) {
            let base = writer.newest(&pending.key);
            let kept = base.as_ref().filter(|_| !pending.deleted);
            let next = match (kept, pending.spec, pending.status) {
                (None, Some(spec), status) => Some(Stored::of(spec, status, None)),
                // A status without a spec is no entry (settled, Records).
                (None, None, _) => None,
                (Some(base), spec, status) => Some(base.with(spec, status)),
            };
            if base.is_some() || next.is_some() {
                self.events.extend(put(core, &mut writer, &pending.key, next, upto.index, pending.deleted));
            }
        }
        writer.publish(upto);
        let events: Arc<[EntryEvent]> = self.events.drain(..).collect();
        publish(core, upto, events);
        core.arrivals.arrive(upto);
    }

    /// Sorts the records by entry, in the order in which entries are first named.
    pub(super) fn gather(&mut self, core: &Core, changes: &[RecordChange]) {
        let about = core.state.about();
        self.places.clear();
        for change in changes {
            let key = change.key();
            if !about.keeps(key) {
                continue;
            }
            // A lone record needs no table of what is named already.
            let place = match (changes.len(), self.places.get(key)) {
                (2.., Some(place)) => *place,
                (many, _) => {
                    self.pending.push(Pending { key: key.clone(), deleted: false, spec: None, status: None });
                    if many > 1 {
                        self.places.insert(key.clone(), self.pending.len() - 1);
                    }
                    self.pending.len() - 1
                }
            };
            let pending = &mut self.pending[place];
            match change {
                RecordChange::Put(record) if record.part == Part::Spec => pending.spec = Some(record.clone()),
                RecordChange::Put(record) => pending.status = Some(record.clone()),
                RecordChange::Delete { .. } => {
                    (pending.deleted, pending.spec, pending.status) = (true, None, None);
                }
            }
        }
    }
}

/// Writes one entry and gives the events that tell it: a delete and a re-creation are two (contract F2).
pub(super) fn put(
    core: &Core,
    writer: &mut Writer<'_, Stored>,
    key: &Key,
    next: Option<Stored>,
    index: Index,
    deleted: bool,
) -> impl Iterator<Item = EntryEvent> + use<> {
    let old = writer.put(key, next.as_ref());
    core.census.note(key, old.as_ref(), next.as_ref());
    let same_life =
        |next: &Stored| !deleted && old.as_ref().is_some_and(|old| old.created() == next.created());
    let goes_on = next.as_ref().is_some_and(same_life);
    let old = old.and_then(|old| old.told().cloned());
    let event = |old: Option<Entry>, new| EntryEvent { key: key.clone(), old, new, index };
    let (first, second) = match (old, next) {
        (Some(old), Some(Stored::Entry(new))) if goes_on => (Some(event(Some(old), Some(new))), None),
        // What cannot be decoded is not told: it is neither changed for those who hold it, nor gone.
        (Some(_), Some(Stored::Undecodable(_))) if goes_on => (None, None),
        (old, next) => {
            let new = next.and_then(|next| next.entry().ok());
            (old.map(|old| event(Some(old), None)), new.map(|new| event(None, Some(new))))
        }
    };
    first.into_iter().chain(second)
}

/// Publishes the events of a commit; a position already told with nothing new is left out.
pub(super) fn publish(core: &Core, position: Position, events: Arc<[EntryEvent]>) {
    if let Err(error) = core.publisher.publish(position.index.get(), events) {
        tracing::debug!(%error, %position, "a commit was not published");
    }
}
