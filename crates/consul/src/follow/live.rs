//! Telling commits as they come.

use std::time::Duration;

use bytes::Bytes;
use trimtab_backend::{
    FeedItem, FollowError, Index, Key, Part, Position, Record, RecordChange, ResetReason, Scope,
};
use trimtab_seams::Instant;

use super::feed::Out;
use super::patience::Patience;
use super::ring::{News, Ring};
use super::snapshot::Snapshot;
use super::view::{Fetched, View};
use crate::core::{Core, Store};
use crate::listing::Listing;
use crate::open::denied;
use crate::wire::{Entry, Op, Trouble};

/// Keys of one read, beside those that every read has.
const AT_ONCE: usize = 120;

/// A view that is told on.
pub(super) struct Live<'a> {
    pub(super) core: &'a Core,
    pub(super) scope: &'a Scope,
    pub(super) view: View,
    out: &'a Out,
    ring: Ring,
    store: Store,
    position: Position,
    /// When the scope is compared with the store.
    pub(super) due: Instant,
    /// The index of the scope's prefix when it was compared last: while that stands still, nothing has changed.
    pub(super) quiet: Option<u64>,
}

/// Why a view is not told on.
#[derive(Debug)]
pub(super) enum End {
    /// It begins anew, or the read that would begin it tells why it cannot.
    Reset(ResetReason),
    Failed(FollowError),
    /// Nobody reads it.
    Unheard,
}

impl<'a> Live<'a> {
    pub(super) fn new(core: &'a Core, scope: &'a Scope, out: &'a Out, snapshot: &Snapshot) -> Self {
        Self {
            core,
            scope,
            view: View::of(scope, &snapshot.records),
            out,
            ring: Ring::at(&snapshot.listing),
            store: snapshot.store,
            position: Position { store: snapshot.store.id, index: snapshot.position },
            due: core.seams.now() + core.settings.resync,
            quiet: None,
        }
    }

    pub(super) const fn position(&self) -> Position {
        self.position
    }

    pub(super) async fn run(&mut self) -> End {
        loop {
            match self.follow().await {
                Ok(()) => {}
                Err(end) => return end,
            }
        }
    }

    /// Follows one chain of blocking queries to its end.
    async fn follow(&mut self) -> Result<(), End> {
        let core = self.core;
        let prefix = core.layout.lanes();
        let mut patience = Patience::new(core);
        // After a failure the first request has no index again, for it may be another server's (contract F6).
        let (mut entries, mut index) = loop {
            match core.list(&prefix, None, Duration::ZERO).await.map_err(Trouble::of_a_read) {
                Ok(answer) => break answer,
                Err(error) => patience.wait(error).await.map_err(End::Failed)?,
            }
        };
        let mut consistent = true;
        loop {
            // Without the floor the answer says nothing. The read that follows tells whether a right is missing or the store.
            let listing = Listing::of(&core.layout, &entries).ok_or(End::Reset(ResetReason::Suspect))?;
            match self.ring.news(&listing, self.position.index) {
                News::Read(asked) => self.tell(listing, &asked).await?,
                // A leader that was deposed may answer a little late: only a consistent answer is believed.
                News::Lost(ResetReason::IndexWentBack) if !consistent => return Ok(()),
                News::Lost(why) => return Err(End::Reset(why)),
            }
            if core.seams.now() >= self.due {
                self.resync().await?;
            }
            let left = if core.seams.now() < self.due { self.due - core.seams.now() } else { Duration::ZERO };
            let wait = core.settings.wait.min(left).max(Duration::from_millis(10));
            match core.list(&prefix, Some(index), wait).await.map_err(Trouble::of_a_read) {
                // A lower index alone is no reset: tombstones were reaped, or a snapshot restored (contract F6).
                Ok((_, lower)) if lower < index => return Ok(()),
                Ok((new, at)) => (entries, index, consistent) = (new, at, false),
                // It may be refused for as long as the next list is answered, so that there must be a pause in any case.
                Err(error) => return Patience::new(core).wait(error).await.map_err(End::Failed),
            }
        }
    }

    /// Reads what is new and tells each commit; then, that all up to the head of the lanes was told.
    pub(super) async fn tell(&mut self, listing: Listing, asked: &[(String, u64)]) -> Result<(), End> {
        let head = listing.head();
        if !asked.is_empty() {
            let records = self.records(asked).await?;
            let commits = self.ring.commits(listing, asked, &records).map_err(End::Reset)?;
            let mut wanted: Vec<_> =
                commits.iter().flat_map(|commit| self.view.wanted(&commit.changes)).collect();
            wanted.sort();
            wanted.dedup();
            let fetched = self.fetch(wanted).await?;
            for commit in commits {
                if commit.index <= self.position.index {
                    return Err(End::Reset(ResetReason::Suspect));
                }
                let changes = self.view.apply(commit.index, commit.changes, &fetched).map_err(End::Reset)?;
                if !changes.is_empty() {
                    self.send(commit.index, changes).await?;
                }
            }
        }
        if head > self.position.index {
            self.send(head, Vec::new()).await?;
        }
        Ok(())
    }

    pub(super) async fn send(&mut self, upto: Index, changes: Vec<RecordChange>) -> Result<(), End> {
        let after = self.position.index;
        self.position.index = upto;
        let batch = FeedItem::Batch { after, upto: self.position, changes: changes.into() };
        self.out.send(Ok(batch)).await.map_err(|_| End::Unheard)
    }

    /// Whether a listing leaves this view where it is, and what must be read for it.
    pub(super) fn news(&self, listing: &Listing) -> Result<Vec<(String, u64)>, End> {
        match self.ring.news(listing, self.position.index) {
            News::Read(asked) => Ok(asked),
            News::Lost(why) => Err(End::Reset(why)),
        }
    }

    /// The records with these numbers, and where each stands written.
    async fn records(&self, asked: &[(String, u64)]) -> Result<Vec<Option<(Bytes, Index)>>, End> {
        let keys = asked.iter().map(|(lane, number)| self.core.layout.slot(lane, *number)).collect();
        let entries = self.get(keys).await?;
        Ok(entries.into_iter().map(|entry| entry.exists().then_some((entry.value, entry.modified))).collect())
    }

    /// The records that commits do not carry.
    async fn fetch(&self, wanted: Vec<(Key, Part)>) -> Result<Fetched, End> {
        let keys = wanted.iter().map(|(key, part)| self.core.layout.record(key, *part)).collect();
        let entries = self.get(keys).await?;
        let record = |((key, part), entry): ((Key, Part), Entry)| {
            let (created, version) = (entry.created, entry.modified);
            ((key.clone(), part), Record { key, part, value: entry.value, created, version })
        };
        Ok(wanted.into_iter().zip(entries).map(record).collect())
    }

    /// Reads keys, and at the same time whether the scope may still be read and the store is still the same. What is under way survives a change of leaders.
    async fn get(&self, keys: Vec<String>) -> Result<Vec<Entry>, End> {
        let layout = &self.core.layout;
        let (meta, sentinel) = (layout.meta(), layout.sentinel_of(self.scope));
        let mut entries = Vec::with_capacity(keys.len());
        for keys in keys.chunks(AT_ONCE) {
            let asked = || [&meta, &sentinel].into_iter().chain(keys);
            let operations: Vec<_> = asked().cloned().map(Op::Get).collect();
            let mut patience = Patience::new(self.core);
            let found = loop {
                match self.core.read(&operations).await {
                    Ok(found) => break found.results,
                    Err(error) => patience.wait(error).await.map_err(End::Failed)?,
                }
            };
            // Results come in the order of the operations, without those that may not be read.
            let mut found = found.into_iter();
            for (number, key) in asked().enumerate() {
                let entry = found.next().filter(|entry| entry.key == *key);
                let entry = entry.ok_or_else(|| End::Failed(denied(key)))?;
                match number {
                    // Which one it is now is told by the read that follows.
                    0 if entry.modified != self.store.at => return Err(End::Reset(ResetReason::Suspect)),
                    0 | 1 => {}
                    _ => entries.push(entry),
                }
            }
        }
        Ok(entries)
    }
}
