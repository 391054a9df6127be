//! One lane in the hands of one transaction.

use trimtab_backend::Index;

use super::pool::Idle;
use super::{LaneRecord, Settled, Ticket};

/// A lane that nobody else of this process writes to. Dropped, it goes back to the others, with whatever it was last used for still open; unless it is
/// lost.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(super) name: String,
    /// The number of its last transaction, and where that left its key.
    pub(super) number: u64,
    pub(super) at: Index,
    /// A transaction that was sent and whose outcome is not known.
    open: Option<Ticket>,
    lost: bool,
    idle: Idle,
}

impl Lane {
    /// A lane whose key was just written at this index.
    pub(super) fn new(name: String, at: Index, idle: Idle) -> Self {
        Self { name, number: 0, at, open: None, lost: false, idle }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Begins its next transaction. From here on, until an answer is told, the outcome is open.
    pub(crate) fn begin(&mut self, id: String) -> Ticket {
        let record = LaneRecord { number: self.number + 1, id, aborted: false };
        let ticket = Ticket::new(&self.name, self.at, record);
        self.open = Some(ticket.clone());
        ticket
    }

    /// The transaction that must be settled before the next can begin.
    pub(crate) fn open(&self) -> Option<&Ticket> {
        self.open.as_ref()
    }

    /// Its open transaction was certainly not applied.
    pub(crate) fn refused(&mut self) {
        self.open = None;
    }

    /// What became of its open transaction: that took up its number, whatever it was.
    pub(crate) fn settled(&mut self, settled: Settled) {
        if self.open.take().is_some() {
            self.number += 1;
            self.at = settled.lane_at;
        }
    }

    /// Somebody else has written to it: removed it, or put back an older copy of the store. It is not used again.
    pub(crate) fn lose(&mut self) {
        self.lost = true;
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if self.lost {
            return;
        }
        let lane = Self {
            name: std::mem::take(&mut self.name),
            number: self.number,
            at: self.at,
            open: self.open.take(),
            lost: false,
            idle: self.idle.clone(),
        };
        // What is put back is forgotten here, and so not put back twice.
        self.lost = true;
        self.idle.put(lane);
    }
}
