//! A follower that judges every item of its feed by the framing rules of the contract, whatever the test is about.

use std::collections::BTreeMap;

use super::case::{Outcome, Stop, ensure, violated};
use crate::{Feed, FeedItem, FollowError, Index, Key, Part, Position, Record, RecordChange, ResetReason};

pub(super) struct Follower {
    feed: Feed,
    every_commit: bool,
    stage: Stage,
    /// What stands in the scope at `at`, as far as the feed told.
    pub(super) view: BTreeMap<(Key, Part), Record>,
    /// Where the view stands.
    pub(super) at: Option<Position>,
    /// Why the view was forgotten, each time.
    pub(super) resets: Vec<ResetReason>,
    /// Every change of every batch, in order.
    pub(super) changes: Vec<(Position, RecordChange)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing told yet, to begin with a reset.
    Unborn,
    /// Nothing told yet, to go on from a position or begin with a reset.
    Resuming,
    /// In a snapshot.
    Filling,
    /// After one.
    Synced,
}

impl Follower {
    pub(super) fn new(feed: Feed, from: Option<Position>, every_commit: bool) -> Self {
        let stage = if from.is_some() { Stage::Resuming } else { Stage::Unborn };
        let (view, resets, changes) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { feed, every_commit, stage, view, at: from, resets, changes }
    }

    /// Goes on with what a follower before it had seen.
    pub(super) fn holding(mut self, view: BTreeMap<(Key, Part), Record>) -> Self {
        self.view = view;
        self
    }

    /// Takes one item.
    pub(super) async fn step(&mut self) -> Outcome {
        let item = self.feed.next().await;
        self.take(item)
    }

    /// Takes items until the view is whole and stands at this index or later. The commit at it must lie in the scope.
    pub(super) async fn reach(&mut self, index: Index) -> Outcome {
        while !self.is_synced() || self.at.is_none_or(|at| at.index < index) {
            self.step().await?;
        }
        Ok(())
    }

    pub(super) async fn sync(&mut self) -> Outcome {
        self.reach(Index::ZERO).await
    }

    pub(super) fn is_synced(&self) -> bool {
        matches!(self.stage, Stage::Synced | Stage::Resuming)
    }

    pub(super) fn feed(&mut self) -> &mut Feed {
        &mut self.feed
    }

    /// Judges an item and applies it to the view.
    pub(super) fn take(&mut self, item: Result<FeedItem, FollowError>) -> Outcome {
        match item.map_err(|error| violated("an item of the feed", error))? {
            FeedItem::Reset { why } => {
                let first = self.stage == Stage::Unborn;
                ensure(first == (why == ResetReason::First), "Reset(First) first of all and only then", why)?;
                self.resets.push(why);
                self.view.clear();
                (self.stage, self.at) = (Stage::Filling, None);
                Ok(())
            }
            FeedItem::Chunk(records) => {
                ensure(self.stage == Stage::Filling, "chunks only in a snapshot", self.stage)?;
                records.into_iter().try_for_each(|record| self.fill(record))
            }
            FeedItem::Synced(at) => {
                ensure(self.stage == Stage::Filling, "Synced only at the end of a snapshot", self.stage)?;
                let late = self.view.values().find(|record| record.version > at.index);
                ensure(late.is_none(), "no record of a snapshot newer than its Synced", late)?;
                (self.stage, self.at) = (Stage::Synced, Some(at));
                Ok(())
            }
            FeedItem::Batch { after, upto, changes } => self.take_batch(after, upto, &changes),
        }
    }

    fn fill(&mut self, record: Record) -> Outcome {
        let twice = self.view.insert((record.key.clone(), record.part), record);
        ensure(twice.is_none(), "each record once in a snapshot", twice)
    }

    fn take_batch(&mut self, after: Index, upto: Position, changes: &[RecordChange]) -> Outcome {
        ensure(self.is_synced(), "no change before Synced", (after, upto))?;
        self.stage = Stage::Synced;
        let at = self.at.ok_or_else(|| violated("a position before a batch", upto))?;
        ensure(
            after == at.index && upto.store == at.store,
            format_args!("a batch after {at}"),
            (after, upto),
        )?;
        ensure(upto.index > after || changes.is_empty(), "a batch that goes forward", (after, upto))?;
        for change in changes {
            self.apply(change, after, upto.index)?;
            self.changes.push((upto, change.clone()));
        }
        self.at = Some(upto);
        Ok(())
    }

    fn apply(&mut self, change: &RecordChange, after: Index, upto: Index) -> Outcome {
        match change {
            RecordChange::Put(record) => {
                let span = if self.every_commit { upto } else { after.next() };
                let fits = (span..=upto).contains(&record.version) && record.created <= record.version;
                ensure(fits, format_args!("a change of the commits after {after} up to {upto}"), record)?;
                self.view.insert((record.key.clone(), record.part), record.clone());
            }
            RecordChange::Delete { key, created } => {
                let spec = self.view.remove(&(key.clone(), Part::Spec));
                let status = self.view.remove(&(key.clone(), Part::Status));
                ensure(spec.is_some() || status.is_some(), "deletes of what is in the view only", change)?;
                let of_this_life = spec.as_ref().is_none_or(|spec| spec.created == *created);
                ensure(of_this_life, format_args!("a delete of the life of {spec:?}"), change)?;
            }
        }
        Ok(())
    }
}

/// The failure of a follower whose feed tells something where nothing is to be told.
pub(super) fn unexpected(item: Result<FeedItem, FollowError>) -> Stop {
    violated("nothing to be told", item)
}
