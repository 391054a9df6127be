//! After a reset: the whole scope anew, and what it means for those who hold the old view.
//!
//! A gap in the history says nothing of what went meanwhile. So the new snapshot is laid beside the view: what is not in it any more
//! becomes a delete, with its last value (guarantee W-b).

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use trimtab_backend::{Key, Part, Position, Record, ResetReason, TenancyPattern};
use trimtab_seams::HashState;

use super::EntryEvent;
use super::applier::{publish, put};
use super::core::Core;
use super::yielding::yield_now;
use crate::query::Stored;
use crate::state::{Cursor, Range};

/// How many entries are written before other tasks get a turn.
const TURN: usize = 512;

/// The records of a snapshot while they arrive.
pub(super) struct Snapshotting {
    why: ResetReason,
    entries: HashMap<Key, Halves, HashState>,
}

#[derive(Default)]
struct Halves {
    spec: Option<Record>,
    status: Option<Record>,
}

impl Snapshotting {
    pub(super) fn new(why: ResetReason) -> Self {
        Self { why, entries: HashMap::default() }
    }

    pub(super) fn take(&mut self, core: &Core, records: Vec<Record>) {
        for record in records {
            if core.state.about().keeps(&record.key) {
                let halves = self.entries.entry(record.key.clone()).or_default();
                match record.part {
                    Part::Spec => halves.spec = Some(record),
                    Part::Status => halves.status = Some(record),
                }
            }
        }
    }

    /// Replaces the view by the snapshot. Nobody sees any of it before all of it is there.
    pub(super) async fn replace(mut self, core: &Core, position: Position) {
        let before = core.state.position();
        self.entries.retain(|_, halves| halves.spec.is_some());
        let mut events = Vec::new();
        let mut writer = core.state.write();
        let mut written = 0;
        for key in vanished(core, &self.entries).await {
            events.extend(put(core, &mut writer, &key, None, position.index, true));
            written += 1;
            if written % TURN == 0 {
                yield_now().await;
            }
        }
        // In order, so that a seeded run tells its events in the same order each time.
        let entries: BTreeMap<Key, Halves> = match before {
            Some(_) => self.entries.drain().collect(),
            None => BTreeMap::new(),
        };
        for (key, halves) in entries.into_iter().chain(self.entries) {
            let Some(spec) = halves.spec else { continue };
            let old = writer.newest(&key);
            if old.as_ref().is_some_and(|old| old.spec() == spec && old.status() == halves.status) {
                continue;
            }
            let told = old.as_ref().filter(|old| old.created() == spec.created).and_then(Stored::told);
            let next = Stored::of(spec, halves.status, told);
            let told = put(core, &mut writer, &key, Some(next), position.index, false);
            // Nobody holds the first view's past.
            events.extend(told.filter(|_| before.is_some()));
            written += 1;
            if written % TURN == 0 {
                yield_now().await;
            }
        }
        writer.publish(position);
        self.why.tell(core, before, position, events);
    }
}

/// The keys in view that the snapshot does not have.
async fn vanished(core: &Core, entries: &HashMap<Key, Halves, HashState>) -> Vec<Key> {
    let pinned = core.state.pin();
    let mut gone = Vec::new();
    for kind in pinned.kinds() {
        let range = Range { kind: Some(kind), tenancies: TenancyPattern::ANY, prefix: String::new() };
        let (mut stretch, mut cursor) = (Vec::new(), Cursor::Start);
        while !cursor.is_end() {
            pinned.walk(&range, &mut cursor, &mut stretch);
            gone.extend(stretch.drain(..).map(|(key, _)| key).filter(|key| !entries.contains_key(key)));
            yield_now().await;
        }
    }
    gone
}

/// How a new view is told.
trait Tell {
    fn tell(self, core: &Core, before: Option<Position>, position: Position, events: Vec<EntryEvent>);
}

impl Tell for ResetReason {
    fn tell(self, core: &Core, before: Option<Position>, position: Position, events: Vec<EntryEvent>) {
        let forward =
            before.is_some_and(|before| before.store == position.store && before.index < position.index);
        let nothing_new = before == Some(position) && events.is_empty();
        match before {
            // The same history, further on: to subscribers it is one more commit.
            Some(_) if forward && self != Self::IndexWentBack => {
                // What came and went in between is not in it: nobody who saw that elsewhere may go on here.
                core.publisher.resumable_from(position.index.get());
                publish(core, position, Arc::from(events));
            }
            Some(_) if nothing_new => {}
            // Another history: subscribers begin anew.
            Some(_) => core.publisher.reset(position.index.get()),
            None => drop(core.publisher.clone().starting_at(position.index.get())),
        }
        if before.is_some() {
            core.count_reset();
        }
        core.arrivals.reset(position);
    }
}
