//! The keys in line: one list a priority, and the rule that none of them waits for ever.
//!
//! The lists are threaded through the records, so that a key whose priority is raised leaves the middle of its list in constant
//! time and a line costs no memory of its own. Where the keys of a level take turns by party, each level is a ring of such lists.

use super::chain::Chain;
use super::slab::Slab;
use super::turns::Turns;
use crate::{Party, Priority};

const LEVELS: usize = 3;
/// A level that has keys is passed over this often before its front key is next.
const PASSES: u32 = 8;

#[derive(Clone, Copy, Debug)]
struct List {
    /// Where turns are taken, only the head is of use: the record that is next.
    keys: Chain,
    /// Hand-outs from other levels since the last one from here, while there are keys here.
    passed: u32,
}

#[derive(Debug)]
pub(crate) struct Line<T> {
    /// Lowest first.
    lists: [List; LEVELS],
    turns: Option<Box<Turns<T, LEVELS>>>,
}

impl<T> Line<T> {
    /// First in, first out; or in turn by party.
    pub(crate) fn new(party: Option<Party<T>>) -> Self {
        let turns = party.map(|party| Box::new(Turns::new(party)));
        Self { lists: [List { keys: Chain::EMPTY, passed: 0 }; LEVELS], turns }
    }

    /// Puts a record at the end of its level.
    pub(crate) fn push<D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32) {
        let list = &mut self.lists[slab[slot].level as usize];
        match &mut self.turns {
            None => list.keys.append(slab, slot),
            Some(turns) => list.keys.head = turns.push(slab, slot),
        }
    }

    /// Takes a record out of its level.
    pub(crate) fn unlink<D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32) {
        let list = &mut self.lists[slab[slot].level as usize];
        match &mut self.turns {
            None => list.keys.remove(slab, slot),
            Some(turns) => list.keys.head = turns.unlink(slab, slot),
        }
        if list.keys.is_empty() {
            list.passed = 0;
        }
    }

    /// Raises a record to a higher level, to the end of its line.
    pub(crate) fn raise<D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32, level: Priority) {
        self.unlink(slab, slot);
        slab[slot].level = level;
        self.push(slab, slot);
    }

    /// Takes the next record: of the lowest level that was passed over often enough, else of the highest.
    pub(crate) fn pop<D: Default>(&mut self, slab: &mut Slab<T, D>) -> Option<u32> {
        let waiting = |list: &List| !list.keys.is_empty();
        let overdue = |list: &List| waiting(list) && list.passed >= PASSES;
        let chosen = self.lists.iter().position(overdue).or_else(|| self.lists.iter().rposition(waiting))?;
        for (level, list) in self.lists.iter_mut().enumerate() {
            if level == chosen {
                list.passed = 0;
            } else if waiting(list) {
                list.passed += 1;
            }
        }
        let list = &mut self.lists[chosen];
        let slot = list.keys.head;
        match &mut self.turns {
            None => list.keys.remove_first(slab),
            Some(turns) => list.keys.head = turns.pop(slab, slot),
        }
        Some(slot)
    }

    /// The front of the highest level, without counting a hand-out.
    pub(crate) fn front(&self) -> Option<u32> {
        self.lists.iter().rev().map(|list| list.keys).find(|keys| !keys.is_empty()).map(|keys| keys.head)
    }
}
