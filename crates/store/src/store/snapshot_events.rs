//! A topic's snapshot, read lazily from a pinned commit (behaviour S6).

use std::vec::IntoIter;

use trimtab_backend::{Index, Key, Tenancy, TenancyPattern};
use trimtab_stream::{Interest, SubscribeRequest};

use super::EntryEvent;
use super::event::parts;
use crate::query::Stored;
use crate::state::{Cursor, Pinned, Range, State};

/// The entries of a kind as events, a stretch at a time.
pub(super) struct SnapshotEvents {
    pinned: Pinned<Stored>,
    index: Index,
    range: Range,
    cursor: Cursor,
    stretch: IntoIter<(Key, Stored)>,
}

impl SnapshotEvents {
    /// Pins the current commit for a request: its index, and what is there of the request's topic.
    pub(super) fn take(state: &std::sync::Arc<State<Stored>>, request: &SubscribeRequest) -> (u64, Self) {
        let pinned = state.pin();
        let index = pinned.position().map_or(Index::ZERO, |position| position.index);
        let kind = Some(request.topic().as_str().into());
        let mut events = Self {
            pinned,
            index,
            range: Range { kind, tenancies: TenancyPattern::ANY, prefix: String::new() },
            cursor: Cursor::Start,
            stretch: IntoIter::default(),
        };
        if let Interest::One(subject) = request.interest() {
            events.cursor = Cursor::End;
            if let Some((partition, namespace, name)) = parts(subject) {
                let tenancy = Tenancy::new(partition, namespace);
                let key = Key::within(request.topic().as_str().into(), tenancy, name);
                let one = events.pinned.get(&key).map(|stored| vec![(key, stored)]);
                events.stretch = one.unwrap_or_default().into_iter();
            }
        }
        (index.get(), events)
    }
}

impl Iterator for SnapshotEvents {
    type Item = EntryEvent;

    fn next(&mut self) -> Option<EntryEvent> {
        loop {
            for (key, stored) in self.stretch.by_ref() {
                if let Stored::Entry(entry) = stored {
                    return Some(EntryEvent { key, old: None, new: Some(entry), index: self.index });
                }
            }
            if self.cursor.is_end() {
                return None;
            }
            let mut stretch = Vec::new();
            self.pinned.walk(&self.range, &mut self.cursor, &mut stretch);
            self.stretch = stretch.into_iter();
        }
    }
}
