//! The operating system's random source.

use crate::Random;

#[derive(Debug)]
pub(crate) struct OsRandom;

impl Random for OsRandom {
    fn next_u64(&self) -> u64 {
        random_u64()
    }
}

/// # Panics
/// When the operating system has no random source; there is no safe way to go on without unique ids.
pub(crate) fn random_u64() -> u64 {
    getrandom::u64().expect("the operating system must have a random source")
}
