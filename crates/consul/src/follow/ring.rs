//! Which commits a follower has seen, and which are new.

use std::collections::BTreeMap;

use bytes::Bytes;
use trimtab_backend::{Index, ResetReason};

use crate::lanes::{CommitRecord, Told};
use crate::layout::SLOTS;
use crate::listing::{LaneAt, Listing};

/// What a follower has seen of each lane.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    seen: BTreeMap<String, LaneAt>,
}

/// What a look at the lanes gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The records to read, each a lane and a number. May be none.
    Read(Vec<(String, u64)>),
    /// Something was missed.
    Lost(ResetReason),
}

/// A commit of somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) index: Index,
    pub(super) changes: Vec<Told>,
}

impl Ring {
    /// A follower whose view is as of this listing.
    pub(super) fn at(listing: &Listing) -> Self {
        Self { seen: listing.lanes.clone() }
    }

    /// Compares with the lanes as they are. `position` is where the view stands.
    pub(super) fn news(&self, listing: &Listing, position: Index) -> News {
        // Of the lanes that are gone, at least one had a commit that was not seen.
        if listing.floor > position {
            return News::Lost(ResetReason::Overflow);
        }
        for (lane, seen) in &self.seen {
            match listing.lanes.get(lane) {
                None if seen.number > 0 && listing.floor < seen.index => {
                    return News::Lost(ResetReason::IndexWentBack);
                }
                Some(now) if now.number < seen.number || now.index < seen.index => {
                    return News::Lost(ResetReason::IndexWentBack);
                }
                _ => {}
            }
        }
        let mut new = Vec::new();
        for (lane, now) in &listing.lanes {
            let seen = self.seen.get(lane).map_or(0, |seen| seen.number);
            if now.number - seen > SLOTS {
                return News::Lost(ResetReason::Overflow);
            }
            // The last number there is may be there: somebody wrote it.
            new.extend((seen..now.number).map(|before| (lane.clone(), before + 1)));
        }
        News::Read(new)
    }

    /// What these records tell, in the order of their indexes. `records` are those that [`Ring::news`] asked for, in its order.
    ///
    /// # Errors
    /// When one was overwritten meanwhile, or is none.
    pub(super) fn commits(
        &mut self,
        listing: Listing,
        asked: &[(String, u64)],
        records: &[Option<(Bytes, Index)>],
    ) -> Result<Vec<Commit>, ResetReason> {
        let mut commits = Vec::new();
        for ((lane, number), record) in asked.iter().zip(records) {
            let (record, index) = record.as_ref().ok_or(ResetReason::Suspect)?;
            let record = CommitRecord::decode(record).ok_or(ResetReason::Suspect)?;
            if record.lane.number > *number {
                return Err(ResetReason::Overflow);
            }
            // Every number has its record, an aborted one too: an older record is no answer.
            let newest = listing.lanes.get(lane).filter(|now| now.number == *number);
            if record.lane.number < *number || newest.is_some_and(|now| now.index != *index) {
                return Err(ResetReason::Suspect);
            }
            if !record.lane.aborted {
                commits.push(Commit { index: *index, changes: record.changes });
            }
        }
        commits.sort_by_key(|commit| commit.index);
        self.seen = listing.lanes;
        Ok(commits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::LaneRecord;

    fn listing<const N: usize>(lanes: [(&str, u64, u64); N], floor: u64) -> Listing {
        let at = |(lane, number, index): (&str, u64, u64)| {
            (lane.to_owned(), LaneAt { number, index: Index::new(index) })
        };
        Listing { lanes: lanes.map(at).into(), floor: Index::new(floor), floor_at: Index::new(1) }
    }

    fn record(number: u64, aborted: bool, index: u64) -> (Bytes, Index) {
        let lane = LaneRecord { number, id: "x".into(), aborted };
        (CommitRecord { lane, changes: Vec::new() }.encode(), Index::new(index))
    }

    fn at(index: u64) -> Index {
        Index::new(index)
    }

    /// contract F5
    #[test]
    fn commits_of_all_lanes_come_in_the_order_of_their_indexes() {
        let mut ring = Ring::at(&listing([("a", 4, 10)], 0));
        let now = listing([("a", 6, 15), ("b", 2, 14)], 0);
        let News::Read(asked) = ring.news(&now, at(10)) else { panic!() };
        let name = |lane: &str, number| (lane.to_owned(), number);
        assert_eq!(asked, [name("a", 5), name("a", 6), name("b", 1), name("b", 2)]);
        let records = [record(5, false, 11), record(6, false, 15), record(1, true, 12), record(2, false, 14)];
        let commits = ring.commits(now.clone(), &asked, &records.map(Some)).unwrap();
        let indexes: Vec<_> = commits.iter().map(|commit| commit.index.get()).collect();
        assert_eq!(indexes, [11, 14, 15], "an aborted number commits nothing");
        assert_eq!(ring.news(&now, at(15)), News::Read(Vec::new()));
    }

    /// contract F5
    #[test]
    fn what_was_overwritten_is_an_overflow() {
        let mut ring = Ring::at(&listing([("a", 4, 10)], 0));
        assert_eq!(ring.news(&listing([("a", 4 + SLOTS, 900)], 0), at(10)), {
            News::Read((5..=4 + SLOTS).map(|number| ("a".into(), number)).collect())
        });
        let beyond = listing([("a", 5 + SLOTS, 900)], 0);
        assert_eq!(ring.news(&beyond, at(10)), News::Lost(ResetReason::Overflow));
        let unseen = listing([("a", 4, 10), ("b", SLOTS + 1, 900)], 0);
        assert_eq!(ring.news(&unseen, at(10)), News::Lost(ResetReason::Overflow));
        let now = listing([("a", 5, 12)], 0);
        let asked = [("a".to_owned(), 5)];
        let meanwhile = [Some(record(5 + SLOTS, false, 900))];
        assert_eq!(ring.commits(now, &asked, &meanwhile), Err(ResetReason::Overflow));
    }

    /// contract F5
    #[test]
    fn a_removed_lane_is_an_overflow_only_for_who_had_not_seen_it_all() {
        let ring = Ring::at(&listing([("a", 4, 10), ("b", 3, 20)], 0));
        let gone = listing([("b", 3, 20)], 10);
        assert_eq!(ring.news(&gone, at(20)), News::Read(Vec::new()));
        let moved = listing([("b", 3, 20)], 25);
        assert_eq!(ring.news(&moved, at(20)), News::Lost(ResetReason::Overflow));
    }

    /// contract F6
    #[test]
    fn a_lane_that_goes_back_is_an_older_store() {
        let ring = Ring::at(&listing([("a", 4, 10), ("b", 3, 20)], 5));
        let back = News::Lost(ResetReason::IndexWentBack);
        assert_eq!(ring.news(&listing([("a", 3, 9), ("b", 3, 20)], 5), at(20)), back);
        assert_eq!(ring.news(&listing([("a", 4, 10)], 5), at(20)), back, "gone, and not by us");
        // It has since passed the old number, by another way.
        assert_eq!(ring.news(&listing([("a", 5, 9), ("b", 3, 20)], 5), at(20)), back);
    }

    #[test]
    fn a_lane_that_somebody_gave_the_last_number_there_is_asks_for_nothing() {
        let foreign = listing([("a", u64::MAX, 10)], 0);
        assert_eq!(Ring::at(&foreign).news(&foreign, at(10)), News::Read(Vec::new()));
        let next = Ring::at(&listing([("a", u64::MAX - 1, 9)], 0)).news(&foreign, at(9));
        assert_eq!(next, News::Read(vec![("a".into(), u64::MAX)]));
    }

    #[test]
    fn a_record_that_is_older_than_its_lane_is_suspect() {
        let asked = [("a".to_owned(), 5)];
        let foreign = (Bytes::new(), at(12));
        for wrong in [None, Some(record(1, false, 3)), Some(record(5, false, 13)), Some(foreign)] {
            let mut ring = Ring::at(&listing([("a", 4, 10)], 0));
            assert_eq!(ring.commits(listing([("a", 5, 12)], 0), &asked, &[wrong]), Err(ResetReason::Suspect));
        }
    }
}
