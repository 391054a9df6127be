//! The keys in line: one list a priority, and the rule that none of them waits for ever.
//!
//! The lists are threaded through the records, so that a key whose priority is raised leaves the middle of its list in constant
//! time and a line costs no memory of its own.

use super::record::{NONE, Record};
use super::slab::Slab;
use crate::Priority;

const LEVELS: usize = 3;
/// A level that has keys is passed over this often before its front key is next.
const PASSES: u32 = 8;

#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
    /// Hand-outs from other levels since the last one from here, while there are keys here.
    passed: u32,
}

#[derive(Debug)]
pub(crate) struct Line {
    /// Lowest first.
    lists: [List; LEVELS],
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self { lists: [List { head: NONE, tail: NONE, passed: 0 }; LEVELS] }
    }

    /// Puts a record at the end of its level.
    pub(crate) fn push<T, D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32) {
        let list = &mut self.lists[slab[slot].level as usize];
        let tail = std::mem::replace(&mut list.tail, slot);
        if tail == NONE {
            list.head = slot;
        } else {
            slab[tail].next = slot;
        }
        let record = &mut slab[slot];
        (record.prev, record.next) = (tail, NONE);
    }

    /// Takes a record out of its level.
    pub(crate) fn unlink<T, D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32) {
        let Record { prev, next, level, .. } = slab[slot];
        let list = &mut self.lists[level as usize];
        if prev == NONE {
            list.head = next;
        } else {
            slab[prev].next = next;
        }
        if next == NONE {
            list.tail = prev;
        } else {
            slab[next].prev = prev;
        }
        if list.head == NONE {
            list.passed = 0;
        }
    }

    /// Raises a record to a higher level, to the end of its line.
    pub(crate) fn raise<T, D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32, level: Priority) {
        self.unlink(slab, slot);
        slab[slot].level = level;
        self.push(slab, slot);
    }

    /// Takes the next record: of the lowest level that was passed over often enough, else of the highest.
    pub(crate) fn pop<T, D: Default>(&mut self, slab: &mut Slab<T, D>) -> Option<u32> {
        let waiting = |list: &List| list.head != NONE;
        let overdue = |list: &List| waiting(list) && list.passed >= PASSES;
        let chosen = self.lists.iter().position(overdue).or_else(|| self.lists.iter().rposition(waiting))?;
        for (level, list) in self.lists.iter_mut().enumerate() {
            if level == chosen {
                list.passed = 0;
            } else if waiting(list) {
                list.passed += 1;
            }
        }
        let slot = self.lists[chosen].head;
        self.unlink(slab, slot);
        Some(slot)
    }

    /// The front of the highest level, without counting a hand-out.
    pub(crate) fn front(&self) -> Option<u32> {
        self.lists.iter().rev().map(|list| list.head).find(|&head| head != NONE)
    }
}
