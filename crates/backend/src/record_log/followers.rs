//! Who follows, and how far each has come.
//!
//! A follower is a number on the shared history, not a channel: a commit costs the same with none and with a thousand that are behind.
//! One that has caught up leaves its waker, and the commit that concerns its scope takes it; other commits pass it by.

use std::task::Waker;

use super::history::History;
use crate::{Index, Record, RecordChange, ResetReason, Scope};

#[derive(Debug)]
pub(super) struct Follower {
    pub(super) scope: Scope,
    pub(super) stage: Stage,
    /// There when it has been told everything of its scope and waits.
    pub(super) waker: Option<Waker>,
    /// Snapshots that were overtaken by the history in a row; each makes the steps of the next one twice as large, so that one ends.
    pub(super) overtaken: u32,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// To be told to forget its view.
    Resetting(ResetReason),
    /// Being told the records as they were at one index.
    Walking(Walk),
    /// Being told each commit: all up to `seen` concern it not or were told; `told` is the last one that was.
    Following { seen: Index, told: Index },
}

/// A snapshot being told page by page while commits go on: what a commit replaces on a page not yet told is saved first.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) at: Index,
    pub(super) next_page: usize,
    pub(super) saved: Vec<Record>,
}

impl Walk {
    pub(super) const fn begin(at: Index) -> Self {
        Self { at, next_page: 0, saved: Vec::new() }
    }
}

/// The followers by number.
#[derive(Debug, Default)]
pub(super) struct Followers {
    slots: Vec<Option<Follower>>,
    walking: usize,
}

impl Followers {
    pub(super) fn add(&mut self, follower: Follower) -> usize {
        self.walking += usize::from(matches!(follower.stage, Stage::Walking(_)));
        let id = self.slots.iter().position(Option::is_none).unwrap_or(self.slots.len());
        if id == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[id] = Some(follower);
        id
    }

    pub(super) fn remove(&mut self, id: usize) -> Option<Follower> {
        let follower = self.slots.get_mut(id).and_then(Option::take)?;
        self.walking -= usize::from(matches!(follower.stage, Stage::Walking(_)));
        Some(follower)
    }

    pub(super) fn get_mut(&mut self, id: usize) -> Option<&mut Follower> {
        self.slots.get_mut(id)?.as_mut()
    }

    /// Moves one on to its next stage.
    pub(super) fn enter(&mut self, id: usize, stage: Stage) {
        let begins = usize::from(matches!(stage, Stage::Walking(_)));
        if let Some(follower) = self.get_mut(id) {
            let ends = usize::from(matches!(follower.stage, Stage::Walking(_)));
            follower.stage = stage;
            self.walking = self.walking + begins - ends;
        }
    }

    /// Keeps a record that is about to go for the snapshots that still have to tell it; but not for those that cannot end well any more,
    /// since the history no longer reaches back to them.
    pub(super) fn save(&mut self, page: usize, record: Option<&Record>, history: &History) {
        let Some(record) = record.filter(|_| self.walking > 0) else { return };
        for follower in self.slots.iter_mut().flatten() {
            let Stage::Walking(walk) = &mut follower.stage else { continue };
            if !history.reaches_back_to(walk.at) {
                walk.saved = Vec::new();
            } else if page >= walk.next_page
                && record.version <= walk.at
                && follower.scope.contains(&record.key)
            {
                walk.saved.push(record.clone());
            }
        }
    }

    /// Takes the wakers of those that wait and are concerned by the commit at `index`: all of them by one that changed nothing, so that its
    /// author sees it come by.
    pub(super) fn concerned_by(&mut self, index: Index, changes: &[RecordChange]) -> Vec<Waker> {
        let mut woken = Vec::new();
        for follower in self.slots.iter_mut().flatten() {
            if follower.waker.is_some()
                && let Stage::Following { seen, .. } = &mut follower.stage
                && (changes.is_empty() || changes.iter().any(|change| follower.scope.contains(change.key())))
            {
                *seen = Index::new(index.get() - 1);
                woken.extend(follower.waker.take());
            }
        }
        woken
    }

    /// Takes all wakers.
    pub(super) fn wakers(&mut self) -> Vec<Waker> {
        self.slots.iter_mut().flatten().filter_map(|follower| follower.waker.take()).collect()
    }
}
