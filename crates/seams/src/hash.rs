//! Hashing for maps whose keys come from users.
//!
//! The seed is drawn once per process, so nobody outside can prepare keys that collide, and no hash ever leaves the process. No
//! order anywhere may depend on it; a simulator can fix it all the same.

use std::hash::BuildHasher;
use std::sync::OnceLock;

use foldhash::quality::{FixedState, FoldHasher};

static SEED: OnceLock<u64> = OnceLock::new();

/// Fixes the seed of every hash of this process. Answers false when it had been drawn or fixed before: call it first of all.
pub fn fix_hash_seed(seed: u64) -> bool {
    SEED.set(seed).is_ok()
}

/// The hasher of Trimtab's maps: fast, and seeded per process.
///
/// ```
/// use std::hash::BuildHasher;
/// use trimtab_seams::HashState;
///
/// assert_eq!(HashState::default().hash_one("a"), HashState::default().hash_one("a"));
/// ```
#[derive(Clone, Debug)]
pub struct HashState(FixedState);

impl Default for HashState {
    fn default() -> Self {
        Self(FixedState::with_seed(*SEED.get_or_init(crate::real::random_u64)))
    }
}

impl BuildHasher for HashState {
    type Hasher = FoldHasher<'static>;
    fn build_hasher(&self) -> Self::Hasher {
        self.0.build_hasher()
    }
}
