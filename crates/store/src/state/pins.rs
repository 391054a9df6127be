//! Which commits are being read.
//!
//! A sorted list of (commit, readers) under one lock, beside the current position: taking a snapshot and dropping it are one short
//! lock each and allocate nothing. Marks that outlive their readers and must be swept, as a list of shared marks needs, do not exist.

use std::collections::VecDeque;

use parking_lot::Mutex;
use trimtab_backend::Position;

use super::Turn;

pub(super) struct Pins(Mutex<Pinned>);

struct Pinned {
    current: Turn,
    position: Option<Position>,
    /// Ascending; every count is above zero.
    live: VecDeque<(Turn, usize)>,
}

impl Pins {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Pinned { current: Turn::default(), position: None, live: VecDeque::new() }))
    }

    /// Pins the current commit.
    pub(super) fn take(&self) -> (Turn, Option<Position>) {
        let mut pinned = self.0.lock();
        let current = pinned.current;
        match pinned.live.back_mut() {
            Some((turn, readers)) if *turn == current => *readers += 1,
            _ => pinned.live.push_back((current, 1)),
        }
        (current, pinned.position)
    }

    /// Pins a commit once more that is pinned already.
    pub(super) fn again(&self, turn: Turn) {
        let mut pinned = self.0.lock();
        let at = pinned.find(turn);
        pinned.live[at].1 += 1;
    }

    pub(super) fn release(&self, turn: Turn) {
        let mut pinned = self.0.lock();
        let at = pinned.find(turn);
        pinned.live[at].1 -= 1;
        if pinned.live[at].1 == 0 {
            pinned.live.remove(at);
        }
    }

    /// From now on snapshots are of this commit.
    pub(super) fn publish(&self, turn: Turn, position: Position) {
        let mut pinned = self.0.lock();
        pinned.current = turn;
        pinned.position = Some(position);
    }

    pub(super) fn current(&self) -> (Turn, Option<Position>) {
        let pinned = self.0.lock();
        (pinned.current, pinned.position)
    }

    /// Whether anybody reads a commit in `from..before`, or still may: the current one can be pinned at any time.
    pub(super) fn may_read(&self, from: Turn, before: Turn) -> bool {
        let pinned = self.0.lock();
        if (from..before).contains(&pinned.current) {
            return true;
        }
        let at = pinned.live.partition_point(|(turn, _)| *turn < from);
        pinned.live.get(at).is_some_and(|(turn, _)| *turn < before)
    }

    #[cfg(test)]
    pub(super) fn live(&self) -> usize {
        self.0.lock().live.len()
    }
}

impl Pinned {
    /// Where a live pin stands. The newest is the likeliest by far.
    fn find(&self, turn: Turn) -> usize {
        match self.live.back() {
            Some((newest, _)) if *newest == turn => self.live.len() - 1,
            _ => self.live.partition_point(|(live, _)| *live < turn),
        }
    }
}
