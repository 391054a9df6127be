//! From a key to its cell.
//!
//! 64 tables by the hash that each key carries: one growing table would stall a write for 15 ms at a million keys; a 64th of it for
//! 0.4 ms. The hash stands in the table, so growing touches no cell.

use std::sync::Arc;

use hashbrown::HashTable;
use parking_lot::RwLock;
use trimtab_backend::Key;

use super::cell::Cell;

const SHARDS: usize = 64;

pub(super) struct Table<V>([RwLock<HashTable<Slot<V>>>; SHARDS]);

struct Slot<V> {
    hash: u64,
    cell: Arc<Cell<V>>,
}

impl<V> Table<V> {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| RwLock::new(HashTable::new())))
    }

    /// Runs `read` on the cell of a key, without a count on the cell.
    pub(super) fn with<T>(&self, key: &Key, read: impl FnOnce(&Arc<Cell<V>>) -> T) -> Option<T> {
        let hash = key.hash64();
        let shard = self.shard(hash).read();
        shard.find(hash, |slot| slot.cell.key == *key).map(|slot| read(&slot.cell))
    }

    pub(super) fn insert(&self, cell: &Arc<Cell<V>>) {
        let hash = cell.key.hash64();
        let slot = Slot { hash, cell: Arc::clone(cell) };
        self.shard(hash).write().insert_unique(hash, slot, |slot| slot.hash);
    }

    pub(super) fn remove(&self, key: &Key) {
        let hash = key.hash64();
        let mut shard = self.shard(hash).write();
        if let Ok(slot) = shard.find_entry(hash, |slot| slot.cell.key == *key) {
            let (slot, _) = slot.remove();
            drop(shard);
            drop(slot);
        }
    }

    fn shard(&self, hash: u64) -> &RwLock<HashTable<Slot<V>>> {
        // The table itself uses the low bits for its place and the top seven for its tags.
        let at = usize::try_from((hash >> 48) % SHARDS as u64).unwrap_or(0);
        &self.0[at]
    }
}
