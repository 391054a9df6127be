//! One topic's part of the history: batches in order of their index, read by cursors.
//!
//! A cursor is a number, not a pointer: a stalled reader pins nothing. (A linked list of batches is the usual alternative. It pins all
//! that a stalled reader has yet to read, and drops it recursively.)

use std::collections::VecDeque;
use std::sync::Arc;

/// All of one commit that concerns a topic, and perhaps events of other topics.
pub(crate) struct Batch<P> {
    pub(crate) index: u64,
    pub(crate) events: Arc<[P]>,
    /// Some events belong to other topics.
    pub(crate) mixed: bool,
    /// What letting it go frees.
    pub(crate) bytes: usize,
}

/// Bytes a batch costs beside its events: its place in the ring, its place in the order, and the counts of its allocation.
pub(crate) const fn overhead<P>() -> usize {
    size_of::<Batch<P>>() + 3 * size_of::<usize>()
}

/// What a cursor finds.
pub(crate) enum At<'a, P> {
    Batch(&'a Batch<P>),
    /// It has read all there is.
    End,
    /// What it would read next is gone.
    Gone,
}

pub(crate) struct Ring<P> {
    batches: VecDeque<Batch<P>>,
    /// The cursor of the first batch.
    base: u64,
    /// Everything after this index is held.
    floor: u64,
    /// The least index that may be resumed at; above `floor` after a refresh, when what was known before is void.
    resumable: u64,
}

impl<P> Ring<P> {
    pub(crate) fn new() -> Self {
        Self { batches: VecDeque::new(), base: 0, floor: 0, resumable: 0 }
    }

    pub(crate) fn push(&mut self, batch: Batch<P>) {
        self.batches.push_back(batch);
    }

    pub(crate) fn evict(&mut self) -> Option<Batch<P>> {
        let batch = self.batches.pop_front()?;
        self.base += 1;
        self.floor = batch.index;
        Some(batch)
    }

    /// Lets everything go. Who knows only what was before `resumable` must begin anew.
    pub(crate) fn clear(&mut self, resumable: u64) -> VecDeque<Batch<P>> {
        let batches = std::mem::take(&mut self.batches);
        self.base += batches.len() as u64;
        self.floor = batches.back().map_or(self.floor, |last| last.index);
        self.resumable = resumable;
        batches
    }

    /// As `clear`, when indexes begin anew: what was let go has no bearing on what comes.
    pub(crate) fn restart(&mut self) -> VecDeque<Batch<P>> {
        let batches = self.clear(0);
        self.floor = 0;
        batches
    }

    /// The index of the last batch there was since the indexes began; 0 without any.
    pub(crate) fn last(&self) -> u64 {
        self.batches.back().map_or(self.floor, |last| last.index)
    }

    pub(crate) fn may_resume_at(&self, index: u64) -> bool {
        index >= self.resumable
    }

    /// The cursor of the first batch after `index`; none when something after it is gone.
    pub(crate) fn seek(&self, index: u64) -> Option<u64> {
        let skipped = self.batches.partition_point(|batch| batch.index <= index);
        (index >= self.floor).then_some(self.base + skipped as u64)
    }

    pub(crate) fn at(&self, cursor: u64) -> At<'_, P> {
        let Some(offset) = cursor.checked_sub(self.base) else { return At::Gone };
        match usize::try_from(offset).ok().and_then(|offset| self.batches.get(offset)) {
            Some(batch) => At::Batch(batch),
            None => At::End,
        }
    }

    /// Nothing ever happened here.
    pub(crate) fn is_pristine(&self) -> bool {
        self.batches.is_empty() && self.base == 0 && self.floor == 0 && self.resumable == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(indexes: &[u64]) -> Ring<u64> {
        let mut ring = Ring::new();
        for &index in indexes {
            ring.push(Batch { index, events: Arc::from([index]), mixed: false, bytes: 1 });
        }
        ring
    }

    fn found(ring: &Ring<u64>, cursor: u64) -> Option<u64> {
        match ring.at(cursor) {
            At::Batch(batch) => Some(batch.index),
            At::End => None,
            At::Gone => panic!("cursor {cursor} fell out"),
        }
    }

    /// behaviour S3
    #[test]
    fn a_cursor_is_placed_after_an_index_whether_that_index_was_of_this_topic_or_not() {
        let ring = ring(&[3, 7, 8]);
        for (index, next) in [(0, Some(3)), (2, Some(3)), (3, Some(7)), (6, Some(7)), (8, None), (99, None)] {
            assert_eq!(found(&ring, ring.seek(index).unwrap()), next, "after {index}");
        }
    }

    /// behaviour S3, S7
    #[test]
    fn what_was_let_go_can_neither_be_sought_nor_read() {
        let mut ring = ring(&[3, 7, 8]);
        let stalled = ring.seek(0).unwrap();
        ring.evict();
        assert!(matches!(ring.at(stalled), At::Gone));
        assert_eq!((ring.seek(2), ring.seek(3)), (None, Some(1)));
        ring.clear(9);
        assert_eq!((ring.seek(7), ring.seek(8)), (None, Some(3)));
        assert!(!ring.may_resume_at(8) && ring.may_resume_at(9));
    }

    #[test]
    fn a_ring_is_pristine_only_as_long_as_nothing_happened() {
        assert!(ring(&[]).is_pristine());
        let mut used = ring(&[1]);
        assert!(!used.is_pristine());
        used.evict();
        assert!(!used.is_pristine());
    }
}
