//! Removing the lanes of processes that are gone.
//!
//! Nobody can tell whether a process is dead. But a lane that is removed from under a living one costs it a new lane and nothing else, for its next transaction
//! finds its guard missing; so a lane that has stood still for long is removed, and how far it had come goes into the floor, by which followers know whether they
//! have missed something.

use hashbrown::HashMap;
use parking_lot::Mutex;
use trimtab_backend::Index;
use trimtab_seams::{HashState, Instant};

use crate::core::Core;
use crate::listing::{LaneAt, Listing, encode_floor};
use crate::wire::Op;

/// Lanes removed in one go.
const AT_ONCE: usize = 8;

/// Since when each lane of others has stood where it stands.
#[derive(Debug, Default)]
pub(crate) struct Cleaner(Mutex<HashMap<String, (Index, Instant), HashState>>);

impl Cleaner {
    /// The lanes that have stood still for so long.
    fn idle(&self, core: &Core, listing: &Listing) -> Vec<(String, LaneAt)> {
        let now = core.seams.now();
        let mut since = self.0.lock();
        since.retain(|lane, _| listing.lanes.contains_key(lane));
        let others = listing.lanes.iter().filter(|(lane, _)| !core.lanes.owns(lane));
        let idle = others.filter(|(lane, at)| {
            let (index, began) = since.entry_ref(lane.as_str()).or_insert((at.index, now));
            if *index != at.index {
                (*index, *began) = (at.index, now);
            }
            now - *began >= core.settings.lane_idle
        });
        idle.take(AT_ONCE).map(|(lane, at)| (lane.clone(), *at)).collect()
    }
}

impl Core {
    /// Removes lanes that have stood still, as far as that can be done now: the next comparison comes.
    pub(crate) async fn clean(&self, listing: &Listing) {
        let (mut floor, mut floor_at) = (listing.floor, listing.floor_at);
        for (lane, at) in self.cleaner.idle(self, listing) {
            if at.number > 0 {
                floor = floor.max(at.index);
            }
            let key = self.layout.lane(&lane);
            let operations = [
                Op::CheckIndex { key: key.clone(), index: at.index.get() },
                Op::Delete(key),
                Op::DeleteTree(self.layout.ring(&lane)),
                Op::Cas {
                    key: self.layout.floor(),
                    index: floor_at.get(),
                    flags: 0,
                    value: encode_floor(floor.get()),
                },
            ];
            // Repeated it conflicts with itself, which is as well.
            match self.write(&operations, true).await {
                Ok(answer) if answer.errors.is_empty() => {
                    let written = answer.results.iter().find(|entry| entry.key == self.layout.floor());
                    let Some(written) = written else { return };
                    floor_at = written.modified;
                    tracing::debug!(lane, "a lane that stood still was removed");
                }
                // It is in use, or somebody else is cleaning.
                other => {
                    tracing::debug!(lane, ?other, "a lane that stood still was not removed");
                    return;
                }
            }
        }
    }
}
