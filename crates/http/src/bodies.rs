//! How much of bodies is held at once.
//!
//! One body has its bound, and so has the number of connections; but both together are gigabytes, which clients that never finish could have for as long as a body may take.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the bytes of all bodies that are being read.
#[derive(Default)]
pub(crate) struct Bodies(AtomicUsize);

/// The bytes of one body; given back when it is dropped.
pub(crate) struct Share<'a> {
    bodies: &'a Bodies,
    bytes: usize,
}

impl Bodies {
    /// For a body of which nothing is there yet.
    pub(crate) const fn share(&self) -> Share<'_> {
        Share { bodies: self, bytes: 0 }
    }
}

impl Share<'_> {
    /// So much more is there. False when all bodies together would be more than `most`.
    pub(crate) fn grow(&mut self, bytes: usize, most: usize) -> bool {
        self.bytes += bytes;
        self.bodies.0.fetch_add(bytes, Ordering::AcqRel) + bytes <= most
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.bodies.0.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_body_gives_back_another_may_take() {
        let bodies = Bodies::default();
        let (mut one, mut other) = (bodies.share(), bodies.share());
        assert!(one.grow(6, 10) && one.grow(2, 10));
        assert!(!other.grow(3, 10), "too much of it is taken");
        drop(other);
        let mut third = bodies.share();
        assert!(third.grow(2, 10));
        drop((one, third));
        assert_eq!(bodies.0.into_inner(), 0);
    }
}
