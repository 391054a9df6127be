//! Where records live: in chunks of 256 that never move.
//!
//! One growing vector would copy 64 MB under the lock when the millionth key comes, and would never shrink. A chunk is allocated
//! when it is needed and given back when its last record goes, but for one that is kept so that a key that comes and goes does
//! not allocate each time.

use std::ops::{Index, IndexMut};

use super::record::{NONE, Record};

/// Records in a chunk.
pub(crate) const CHUNK: usize = 256;
const PLACES: u32 = 256;

#[derive(Debug)]
struct Chunk<T, D> {
    /// Without capacity while the chunk has given its memory back.
    records: Vec<Record<T, D>>,
    /// The first free slot among `records`, by its place in the chunk.
    free: u32,
    live: u32,
}

#[derive(Debug)]
pub(crate) struct Slab<T, D> {
    chunks: Vec<Chunk<T, D>>,
    /// Chunks with memory that are not full.
    open: Vec<u32>,
    /// Chunks without memory.
    vacant: Vec<u32>,
    /// Whether one of the open ones holds no record.
    spare: bool,
}

/// The chunk and the place in it.
const fn split(slot: u32) -> (usize, usize) {
    (slot as usize / CHUNK, slot as usize % CHUNK)
}

impl<T, D: Default> Slab<T, D> {
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new(), open: Vec::new(), vacant: Vec::new(), spare: false }
    }

    /// # Panics
    /// Above 2^32 - 257 records.
    pub(crate) fn insert(&mut self, record: Record<T, D>) -> u32 {
        let id = match self.open.last() {
            Some(&id) => id as usize,
            None => self.open_chunk(),
        };
        let chunk = &mut self.chunks[id];
        if chunk.live == 0 {
            self.spare = false;
        }
        chunk.live += 1;
        if chunk.live == PLACES {
            self.open.pop();
        }
        let place = if chunk.free == NONE {
            chunk.records.push(record);
            chunk.records.len() - 1
        } else {
            let place = chunk.free as usize;
            chunk.free = chunk.records[place].next;
            chunk.records[place] = record;
            place
        };
        u32::try_from(id * CHUNK + place).expect("`open_chunk` keeps slots below 2^32")
    }

    #[cold]
    fn open_chunk(&mut self) -> usize {
        let id = self.vacant.pop().unwrap_or_else(|| {
            let id = u32::try_from(self.chunks.len()).ok().filter(|&id| id < NONE / PLACES);
            self.chunks.push(Chunk { records: Vec::new(), free: NONE, live: 0 });
            id.expect("a queue holds at most 4 billion keys")
        });
        self.open.push(id);
        self.chunks[id as usize].records.reserve_exact(CHUNK);
        id as usize
    }

    /// Frees the slot and gives the item that was in it. What else the record holds is overwritten by the next one.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let (id, place) = (slot / PLACES, slot % PLACES);
        let chunk = &mut self.chunks[id as usize];
        if chunk.live == PLACES {
            self.open.push(id);
        }
        chunk.live -= 1;
        let record = &mut chunk.records[place as usize];
        let item = record.item.take();
        record.next = std::mem::replace(&mut chunk.free, place);
        if chunk.live == 0 && std::mem::replace(&mut self.spare, true) {
            self.give_back(id);
        }
        item
    }

    #[cold]
    fn give_back(&mut self, id: u32) {
        self.chunks[id as usize] = Chunk { records: Vec::new(), free: NONE, live: 0 };
        self.open.retain(|&open| open != id);
        self.vacant.push(id);
    }

    /// Slots for which memory is held.
    pub(crate) fn capacity(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.records.capacity()).sum()
    }

    pub(crate) fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// The records of one chunk.
    pub(crate) fn chunk(&self, id: usize) -> impl Iterator<Item = &Record<T, D>> {
        self.chunks
            .get(id)
            .into_iter()
            .flat_map(|chunk| &chunk.records)
            .filter(|record| record.item.is_some())
    }
}

impl<T, D> Index<u32> for Slab<T, D> {
    type Output = Record<T, D>;
    fn index(&self, slot: u32) -> &Record<T, D> {
        let (chunk, place) = split(slot);
        &self.chunks[chunk].records[place]
    }
}

impl<T, D> IndexMut<u32> for Slab<T, D> {
    fn index_mut(&mut self, slot: u32) -> &mut Record<T, D> {
        let (chunk, place) = split(slot);
        &mut self.chunks[chunk].records[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Priority;

    fn record(n: u32) -> Record<u32, ()> {
        Record::new(n, n, (), Priority::Normal)
    }

    /// behaviour Q16
    #[test]
    fn empty_chunks_give_their_memory_back_but_for_one() {
        let mut slab = Slab::new();
        let slots: Vec<_> = (0..10 * 256).map(|n| slab.insert(record(n))).collect();
        assert_eq!(slab.capacity(), 10 * CHUNK);
        for (n, &slot) in (0..).zip(&slots) {
            assert_eq!(slab.remove(slot), Some(n));
        }
        assert_eq!(slab.capacity(), CHUNK);
        let again: Vec<_> = (0..3 * 256).map(|n| slab.insert(record(n))).collect();
        assert_eq!(slab.capacity(), 3 * CHUNK);
        assert!((0..).zip(again).all(|(n, slot)| slab[slot].item == Some(n)));
    }

    #[test]
    fn a_freed_slot_is_used_again_before_a_new_chunk_is_made() {
        let mut slab = Slab::new();
        let slots: Vec<_> = (0..300).map(|n| slab.insert(record(n))).collect();
        for &slot in &slots[10..20] {
            slab.remove(slot);
        }
        for n in 0..222 {
            slab.insert(record(n));
        }
        assert_eq!((slab.chunks(), slab.capacity()), (2, 2 * CHUNK));
        slab.insert(record(0));
        assert_eq!(slab.chunks(), 3);
    }
}
