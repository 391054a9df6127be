//! The promised runs, earliest first: a heap of four children a node that knows where each record's promise is.
//!
//! A plain binary heap can only add; moved and cancelled promises would stay in it as corpses until their time. Here each record
//! has at most one place, so moving and cancelling is a sift. Four children halve the depth, and with it the cache misses.

use trimtab_seams::Instant;

use super::record::NONE;
use super::slab::Slab;

const CHILDREN: usize = 4;

#[derive(Clone, Copy, Debug)]
struct Promise {
    due: Instant,
    /// Equal due times keep the order of insertion (behaviour Q9). May wrap round: only neighbours in time are compared.
    seq: u32,
    slot: u32,
}

impl Promise {
    fn before(&self, other: &Self) -> bool {
        match self.due.cmp(&other.due) {
            std::cmp::Ordering::Equal => self.seq.wrapping_sub(other.seq) > u32::MAX / 2,
            order => order.is_lt(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Promises {
    heap: Vec<Promise>,
    seq: u32,
}

impl Promises {
    pub(crate) const fn new() -> Self {
        Self { heap: Vec::new(), seq: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// The earliest promise and its record's slot.
    pub(crate) fn first(&self) -> Option<(Instant, u32)> {
        self.heap.first().map(|promise| (promise.due, promise.slot))
    }

    /// Makes the heap hold what the record promises.
    pub(crate) fn update<T, D: Default>(&mut self, slab: &mut Slab<T, D>, slot: u32) {
        let (at, due) = (slab[slot].heap_at, slab[slot].promised());
        match (at != NONE, due != super::record::NEVER) {
            (false, false) => {}
            (true, false) => self.remove(slab, at as usize),
            (false, true) => {
                let promise = self.promise(due, slot);
                self.heap.push(promise);
                self.rise(slab, self.heap.len() - 1, promise);
            }
            (true, true) if self.heap[at as usize].due == due => {}
            (true, true) => {
                let promise = self.promise(due, slot);
                self.place(slab, at as usize, promise);
            }
        }
    }

    fn promise(&mut self, due: Instant, slot: u32) -> Promise {
        self.seq = self.seq.wrapping_add(1);
        Promise { due, seq: self.seq, slot }
    }

    fn remove<T, D: Default>(&mut self, slab: &mut Slab<T, D>, at: usize) {
        slab[self.heap[at].slot].heap_at = NONE;
        let last = self.heap.pop().expect("a record's place is in the heap");
        if at < self.heap.len() {
            self.place(slab, at, last);
        }
        if self.heap.capacity() > 1024 && self.heap.len() * 4 < self.heap.capacity() {
            self.heap.shrink_to(self.heap.len() * 2);
        }
    }

    /// Puts a promise at `at`, or wherever from there it belongs.
    fn place<T, D: Default>(&mut self, slab: &mut Slab<T, D>, at: usize, promise: Promise) {
        if at > 0 && promise.before(&self.heap[(at - 1) / CHILDREN]) {
            self.rise(slab, at, promise);
        } else {
            self.sink(slab, at, promise);
        }
    }

    fn rise<T, D: Default>(&mut self, slab: &mut Slab<T, D>, mut at: usize, promise: Promise) {
        while at > 0 {
            let parent = (at - 1) / CHILDREN;
            if !promise.before(&self.heap[parent]) {
                break;
            }
            self.set(slab, at, self.heap[parent]);
            at = parent;
        }
        self.set(slab, at, promise);
    }

    fn sink<T, D: Default>(&mut self, slab: &mut Slab<T, D>, mut at: usize, promise: Promise) {
        loop {
            let first = at * CHILDREN + 1;
            let children = first..(first + CHILDREN).min(self.heap.len());
            let Some(least) = children.reduce(|a, b| if self.heap[b].before(&self.heap[a]) { b } else { a })
            else {
                break;
            };
            if !self.heap[least].before(&promise) {
                break;
            }
            self.set(slab, at, self.heap[least]);
            at = least;
        }
        self.set(slab, at, promise);
    }

    fn set<T, D: Default>(&mut self, slab: &mut Slab<T, D>, at: usize, promise: Promise) {
        self.heap[at] = promise;
        slab[promise.slot].heap_at = u32::try_from(at).expect("no more promises than slots");
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{NEVER, Record};
    use super::*;
    use crate::Priority;
    use trimtab_seams::{Random, Seeded};

    fn pop(promises: &mut Promises, slab: &mut Slab<u32, ()>) -> Option<(u64, u32)> {
        let (due, slot) = promises.first()?;
        slab[slot].outside = NEVER;
        promises.update(slab, slot);
        Some((due.as_nanos(), slot))
    }

    /// behaviour Q9
    #[test]
    fn equal_due_times_keep_insertion_order_also_when_the_counter_wraps_round() {
        let mut slab = Slab::new();
        let mut promises = Promises { heap: Vec::new(), seq: u32::MAX - 5 };
        let slots: Vec<_> = (0..20).map(|n| slab.insert(Record::new(n, n, (), Priority::Low))).collect();
        for &slot in &slots {
            slab[slot].outside = Instant::from_nanos(7);
            promises.update(&mut slab, slot);
        }
        let popped: Vec<_> =
            std::iter::from_fn(|| pop(&mut promises, &mut slab)).map(|(_, slot)| slot).collect();
        assert_eq!(popped, slots);
    }

    /// behaviour Q16
    #[test]
    fn the_heap_gives_its_memory_back() {
        let mut slab = Slab::new();
        let mut promises = Promises::new();
        for n in 0..50_000 {
            let slot = slab.insert(Record::new(n, n, (), Priority::Low));
            slab[slot].outside = Instant::from_nanos(n.into());
            promises.update(&mut slab, slot);
        }
        assert!(std::iter::from_fn(|| pop(&mut promises, &mut slab)).count() == 50_000);
        assert!(promises.heap.capacity() <= 1024, "{}", promises.heap.capacity());
    }

    #[test]
    fn inserts_moves_and_cancels_come_out_in_order() {
        let random = Seeded::new(3);
        let mut slab = Slab::new();
        let mut promises = Promises::new();
        let slots: Vec<_> = (0..500).map(|n| slab.insert(Record::new(n, n, (), Priority::Low))).collect();
        for _ in 0..20_000 {
            let slot = slots[usize::try_from(random.next_u64() % 500).unwrap()];
            let due = random.next_u64() % 1000;
            slab[slot].outside = if due < 300 { NEVER } else { Instant::from_nanos(due) };
            promises.update(&mut slab, slot);
        }
        let mut expected: Vec<_> = slots.iter().map(|&slot| slab[slot].outside.as_nanos()).collect();
        expected.retain(|&due| due != NEVER.as_nanos());
        expected.sort_unstable();
        let popped: Vec<_> =
            std::iter::from_fn(|| pop(&mut promises, &mut slab)).map(|(due, _)| due).collect();
        assert_eq!(popped, expected);
        assert!(promises.is_empty() && slots.iter().all(|&slot| slab[slot].heap_at == NONE));
    }
}
