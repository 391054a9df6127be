//! What is needed to find out what became of a transaction.

use std::sync::Arc;

use parking_lot::Mutex;
use trimtab_backend::{Index, Position, Verdict};

use super::LaneRecord;

/// A transaction that was sent under a lane's guard. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Ticket(Arc<Sent>);

#[derive(Debug)]
struct Sent {
    lane: String,
    /// Where the lane stood before it.
    guard: Index,
    record: LaneRecord,
    settled: Mutex<Option<Settled>>,
}

/// What became of it, and where that left its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) verdict: Verdict,
    pub(crate) lane_at: Index,
}

impl Ticket {
    pub(crate) fn new(lane: &str, guard: Index, record: LaneRecord) -> Self {
        Self(Arc::new(Sent { lane: lane.into(), guard, record, settled: Mutex::default() }))
    }

    pub(crate) fn lane(&self) -> &str {
        &self.0.lane
    }

    pub(crate) fn guard(&self) -> Index {
        self.0.guard
    }

    pub(crate) fn record(&self) -> &LaneRecord {
        &self.0.record
    }

    /// What is known to have become of it. Once known it stays so.
    pub(crate) fn settled(&self) -> Option<Settled> {
        *self.0.settled.lock()
    }

    pub(crate) fn settle(&self, settled: Settled) -> Settled {
        *self.0.settled.lock().get_or_insert(settled)
    }

    /// What the lane's key tells of it, after an abort was refused; nothing when it tells nothing.
    pub(crate) fn judge(&self, found: &LaneRecord, at: Position) -> Option<Settled> {
        let sent = self.record();
        if found.number != sent.number {
            return None;
        }
        let verdict = if found.id == sent.id && !found.aborted {
            Verdict::Committed(at)
        } else if found.aborted {
            Verdict::Never
        } else {
            return None;
        };
        Some(Settled { verdict, lane_at: at.index })
    }
}

#[cfg(test)]
mod tests {
    use trimtab_backend::StoreId;

    use super::*;

    /// contract U2
    #[test]
    fn the_lane_tells_what_became_of_a_transaction() {
        let record = |number, id: &str, aborted| LaneRecord { number, id: id.into(), aborted };
        let ticket = Ticket::new("f/0", Index::new(5), record(3, "mine", false));
        let at = Position { store: StoreId::new([1; 16]), index: Index::new(9) };
        let verdict = |found: &LaneRecord| ticket.judge(found, at).map(|settled| settled.verdict);
        assert_eq!(verdict(&record(3, "mine", false)), Some(Verdict::Committed(at)));
        assert_eq!(verdict(&record(3, "abort", true)), Some(Verdict::Never));
        assert_eq!(verdict(&record(3, "other", false)), None, "nobody else writes to this lane");
        assert_eq!(verdict(&record(2, "before", false)), None);

        let never = Settled { verdict: Verdict::Never, lane_at: at.index };
        assert_eq!(ticket.settle(never), never);
        let late = Settled { verdict: Verdict::Committed(at), ..never };
        assert_eq!(ticket.clone().settle(late), never, "the first verdict stands");
    }
}
