//! All lanes at one moment, as the entries under `w/` tell.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use trimtab_backend::Index;

use crate::lanes::LaneRecord;
use crate::layout::Layout;
use crate::wire::Entry;

/// Where a lane stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneAt {
    /// Its last transaction; 0: none yet.
    pub(crate) number: u64,
    pub(crate) index: Index,
}

/// All lanes, and the floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) lanes: BTreeMap<String, LaneAt>,
    /// The highest index of a lane that was removed.
    pub(crate) floor: Index,
    /// Where that stands written.
    pub(crate) floor_at: Index,
}

#[derive(Serialize, Deserialize)]
struct Floor {
    index: u64,
}

pub(crate) fn encode_floor(index: u64) -> Bytes {
    serde_json::to_vec(&Floor { index }).expect("a number has a form in JSON").into()
}

impl Listing {
    /// Nothing when the floor is not among the entries: then nothing can be said of what else is not (contract F7).
    pub(crate) fn of(layout: &Layout, entries: &[Entry]) -> Option<Self> {
        let at = layout.floor();
        let (mut lanes, mut floor) = (BTreeMap::new(), None);
        for entry in entries {
            if entry.key == at {
                let index = serde_json::from_slice::<Floor>(&entry.value).ok()?.index;
                floor = Some((Index::new(index), entry.modified));
            } else if let Some(lane) = layout.lane_of(&entry.key) {
                if let Some(record) = LaneRecord::decode(&entry.value) {
                    lanes.insert(lane.to_owned(), LaneAt { number: record.number, index: entry.modified });
                } else {
                    tracing::warn!(key = entry.key, "a key among the lanes is none; remove it");
                }
            }
        }
        floor.map(|(floor, floor_at)| Self { lanes, floor, floor_at })
    }

    /// The index of the last commit, or abort.
    pub(crate) fn head(&self) -> Index {
        let used = self.lanes.values().filter(|lane| lane.number > 0).map(|lane| lane.index);
        used.max().unwrap_or(Index::ZERO).max(self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_read_and_the_head_is_the_last_that_was_used() {
        let layout = Layout::new("p");
        let entry = |key: String, value: &str, modified| Entry {
            key,
            value: value.to_owned().into(),
            created: Index::new(1),
            modified: Index::new(modified),
        };
        let mut entries = vec![
            entry(layout.lane("f/0"), r#"{"seq":4,"id":"x"}"#, 20),
            entry(layout.lane("f/1"), r#"{"seq":0,"id":"y"}"#, 30),
            entry(layout.lane("f/2"), "?", 40),
        ];
        assert_eq!(Listing::of(&layout, &entries), None, "the floor is missing");
        entries.push(Entry { value: encode_floor(15), ..entry(layout.floor(), "", 16) });
        let listing = Listing::of(&layout, &entries).unwrap();
        assert_eq!(listing.lanes.len(), 2);
        assert_eq!((listing.head(), listing.floor), (Index::new(20), Index::new(15)));
    }
}
