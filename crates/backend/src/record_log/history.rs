//! The last commits, kept for followers.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::{Index, RecordChange, ResetReason};

/// Commits kept whatever their size.
const COMMITS: usize = 1000;
/// Bytes kept beyond that.
const BYTES: usize = 16 * 1024 * 1024;
/// What a change costs beside its key and value.
const OVERHEAD: usize = 128;

/// The commits after `floor`, one each: the commit after index `n` is the one with index `n + 1`.
#[derive(Debug)]
pub(super) struct History {
    /// The last commit that is no longer kept.
    floor: Index,
    /// Up to where [`compact`](super::RecordLog::compact) has dropped commits.
    compacted: Index,
    commits: VecDeque<Kept>,
    bytes: usize,
    keep_commits: usize,
    keep_bytes: usize,
}

#[derive(Debug)]
struct Kept {
    changes: Arc<[RecordChange]>,
    bytes: usize,
}

impl Default for History {
    fn default() -> Self {
        Self {
            floor: Index::ZERO,
            compacted: Index::ZERO,
            commits: VecDeque::new(),
            bytes: 0,
            keep_commits: COMMITS,
            keep_bytes: BYTES,
        }
    }
}

impl History {
    /// An empty one whose next commit is the one after `index`, and that keeps all.
    pub(super) fn starting_after(index: Index) -> Self {
        Self { floor: index, keep_commits: usize::MAX, keep_bytes: usize::MAX, ..Self::default() }
    }

    /// The last commit that is no longer kept.
    pub(super) const fn floor(&self) -> Index {
        self.floor
    }

    /// The last commit.
    pub(super) fn head(&self) -> Index {
        Index::new(self.floor.get() + self.commits.len() as u64)
    }

    /// Keeps at least this many commits, and older ones while all together have at most this many bytes.
    pub(super) fn keep(&mut self, commits: usize, bytes: usize) {
        (self.keep_commits, self.keep_bytes) = (commits, bytes);
        self.trim();
    }

    pub(super) fn push(&mut self, changes: Arc<[RecordChange]>) {
        let bytes = changes.iter().map(size).sum();
        self.bytes += bytes;
        self.commits.push_back(Kept { changes, bytes });
        self.trim();
    }

    /// Drops the commits up to this one.
    pub(super) fn compact(&mut self, upto: Index) {
        let upto = upto.min(self.head());
        self.compacted = self.compacted.max(upto);
        while self.floor < upto {
            self.drop_oldest();
        }
    }

    /// The changes of the commit after this index; `None` at the head.
    ///
    /// # Errors
    /// What happened to it when it is no longer kept.
    pub(super) fn after(&self, index: Index) -> Result<Option<&Arc<[RecordChange]>>, ResetReason> {
        let Some(offset) = index.get().checked_sub(self.floor.get()) else {
            return Err(self.loss_of(index));
        };
        Ok(usize::try_from(offset).ok().and_then(|offset| self.commits.get(offset)).map(|kept| &kept.changes))
    }

    /// Whether all commits after this index are still kept.
    pub(super) fn reaches_back_to(&self, index: Index) -> bool {
        index >= self.floor
    }

    /// Why the commits after this index are no longer kept.
    pub(super) fn loss_of(&self, index: Index) -> ResetReason {
        if index < self.compacted { ResetReason::Compacted } else { ResetReason::Overflow }
    }

    fn trim(&mut self) {
        while self.commits.len() > self.keep_commits && self.bytes > self.keep_bytes {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.commits.pop_front() {
            self.bytes -= oldest.bytes;
            self.floor = self.floor.next();
        }
    }
}

fn size(change: &RecordChange) -> usize {
    let value = match change {
        RecordChange::Put(record) => record.value.len(),
        RecordChange::Delete { .. } => 0,
    };
    OVERHEAD + change.key().encoded_bytes() + value
}
