//! A list threaded through the records.

use super::record::{NONE, Record};
use super::slab::Slab;

#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    pub(super) head: u32,
    tail: u32,
}

impl Chain {
    pub(super) const EMPTY: Self = Self { head: NONE, tail: NONE };

    pub(super) const fn is_empty(self) -> bool {
        self.head == NONE
    }

    /// Puts a record at the end.
    pub(super) fn append<T, D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32) {
        let tail = std::mem::replace(&mut self.tail, slot);
        if tail == NONE {
            self.head = slot;
        } else {
            slab[tail].next = slot;
        }
        let record = &mut slab[slot];
        (record.prev, record.next) = (tail, NONE);
    }

    /// Takes a record out.
    pub(super) fn remove<T, D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32) {
        let Record { prev, next, .. } = slab[slot];
        if prev == NONE {
            self.head = next;
        } else {
            slab[prev].next = next;
        }
        if next == NONE {
            self.tail = prev;
        } else {
            slab[next].prev = prev;
        }
    }

    /// Takes the first record out; there must be one.
    pub(super) fn remove_first<T, D: Default>(&mut self, slab: &mut Slab<T, D>) {
        self.head = slab[self.head].next;
        if self.head == NONE {
            self.tail = NONE;
        } else {
            slab[self.head].prev = NONE;
        }
    }
}
