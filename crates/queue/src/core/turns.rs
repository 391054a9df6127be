//! Taking turns within a level: one list a party, the parties in a ring.
//!
//! A party is in the ring while it has keys in line. Whose turn it is gives its front key and goes to the end of the ring; who comes anew enters at the end.
//! A queue without turns pays one look at whether there are any, so all of this is out of its way.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use super::chain::Chain;
use super::record::{NONE, Record};
use super::slab::Slab;
use crate::Party;

/// The parties of one level.
#[derive(Debug, Default)]
struct Level {
    keys: BTreeMap<u64, Chain>,
    /// The next one first.
    ring: VecDeque<u64>,
}

pub(crate) struct Turns<T, const LEVELS: usize> {
    party: Party<T>,
    levels: [Level; LEVELS],
}

impl<T, const LEVELS: usize> Turns<T, LEVELS> {
    pub(crate) fn new(party: Party<T>) -> Self {
        Self { party, levels: std::array::from_fn(|_| Level::default()) }
    }

    fn party_of<D>(&self, record: &Record<T, D>) -> u64 {
        (self.party)(record.item.as_ref().expect("a key in line has a record"))
    }

    /// Puts a record at the end of its party's list. Gives the front of the level.
    #[cold]
    pub(crate) fn push<D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32) -> u32 {
        let party = self.party_of(&slab[slot]);
        let level = &mut self.levels[slab[slot].level as usize];
        let keys = level.keys.entry(party).or_insert_with(|| {
            level.ring.push_back(party);
            Chain::EMPTY
        });
        keys.append(slab, slot);
        level.front()
    }

    /// Takes a record out of its party's list. Gives the front of the level.
    #[cold]
    pub(crate) fn unlink<D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32) -> u32 {
        let party = self.party_of(&slab[slot]);
        let level = &mut self.levels[slab[slot].level as usize];
        let keys = level.keys.get_mut(&party).expect("a key in line is in its party's list");
        keys.remove(slab, slot);
        if keys.is_empty() {
            level.keys.remove(&party);
            // Mostly the first.
            let at = level.ring.iter().position(|other| *other == party);
            at.and_then(|at| level.ring.remove(at));
        }
        level.front()
    }

    /// Takes the front record of a level: its party's turn is over. Gives the next front.
    #[cold]
    pub(crate) fn pop<D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32) -> u32 {
        let level = slab[slot].level as usize;
        let parties = self.levels[level].ring.len();
        self.unlink(slab, slot);
        let level = &mut self.levels[level];
        if level.ring.len() == parties {
            level.ring.rotate_left(1);
        }
        level.front()
    }
}

impl Level {
    fn front(&self) -> u32 {
        self.ring.front().map_or(NONE, |party| self.keys[party].head)
    }
}

impl<T, const LEVELS: usize> fmt::Debug for Turns<T, LEVELS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").field("levels", &self.levels).finish_non_exhaustive()
    }
}
