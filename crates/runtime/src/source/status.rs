//! How a source fares.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use trimtab_backend::{Index, Key};
use trimtab_seams::Instant;
use trimtab_store::EntryEvent;
use trimtab_stream::{EventPublisher, Topic};

use crate::shard::Standing;

/// A source of a controller, as it was when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceStatus {
    /// Its topic, and what of it.
    pub name: String,
    /// Where it stands.
    pub state: SourceState,
    /// Whether it has delivered its first snapshot since the controller began.
    pub synced: bool,
    /// Whether reconciles wait for that.
    pub gate: bool,
    /// Everything up to this index has been taken; only for sources of entries.
    pub position: Option<Index>,
    /// Entries that could not be mapped: not of the type (until they change), or the transformer failed on them (tried again with backoff).
    pub unmapped: Vec<(Key, String)>,
}

/// Where a source stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceState {
    /// Not begun: the controller does not run, or does not lead.
    Idle,
    /// Opening, or taking a snapshot.
    Opening,
    /// Following.
    Live,
    /// Cannot be opened, or what maps its changes does not answer; tried again for ever with growing delay (behaviour C4).
    Broken {
        /// The last error.
        error: String,
        /// Since when.
        since: Instant,
        /// How often in a row.
        failures: u32,
        /// When it is tried again.
        next_try: Instant,
    },
    /// A stream that has ended.
    Ended,
}

/// Which part of the store's publisher a source takes, when its indexes are the store's.
#[derive(Debug)]
pub(crate) enum Follows {
    /// One topic, or a subject of it.
    Topic(Topic),
    /// Every topic.
    All,
    /// Something else.
    Elsewhere,
}

/// The same while it changes: written by the source's task, read by whoever asks.
#[derive(Debug)]
pub(crate) struct Health {
    pub(crate) name: String,
    pub(crate) gate: bool,
    pub(crate) follows: Follows,
    state: Mutex<SourceState>,
    synced: AtomicBool,
    position: AtomicU64,
    pub(crate) unmapped: Mutex<BTreeMap<Key, String>>,
    /// Changes wait to be mapped, or mapped again.
    pub(crate) unfinished: AtomicBool,
    /// Where keys are shared out: up to where it has told of what is this replica's.
    pub(crate) listed: Mutex<Option<Arc<Standing>>>,
    pub(crate) events: AtomicU64,
    pub(crate) answered: AtomicU64,
    pub(crate) map_failures: AtomicU64,
    pub(crate) resubscribes: AtomicU64,
}

impl Health {
    pub(crate) fn new(name: String, gate: bool, follows: Follows) -> Self {
        Self {
            name,
            gate,
            follows,
            state: Mutex::new(SourceState::Idle),
            synced: AtomicBool::new(false),
            position: AtomicU64::new(0),
            unmapped: Mutex::default(),
            unfinished: AtomicBool::new(false),
            listed: Mutex::new(None),
            events: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            map_failures: AtomicU64::new(0),
            resubscribes: AtomicU64::new(0),
        }
    }

    /// As before it began: for another term.
    pub(crate) fn restart(&self) {
        self.synced.store(false, Ordering::Release);
        self.position.store(0, Ordering::Release);
        self.unfinished.store(false, Ordering::Release);
        self.unmapped.lock().clear();
        *self.listed.lock() = None;
        *self.state.lock() = SourceState::Opening;
    }

    pub(crate) fn set(&self, state: SourceState) {
        *self.state.lock() = state;
    }

    pub(crate) fn state(&self) -> SourceState {
        self.state.lock().clone()
    }

    /// Notes that it failed once more.
    pub(crate) fn broke(&self, error: String, now: Instant, failures: u32, next_try: Instant) {
        let mut state = self.state.lock();
        let since = if let SourceState::Broken { since, .. } = &*state { *since } else { now };
        *state = SourceState::Broken { error, since, failures, next_try };
    }

    /// Notes the first snapshot. False when it had been noted.
    pub(crate) fn sync(&self) -> bool {
        !self.synced.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Acquire)
    }

    /// Everything up to this index has been taken.
    pub(crate) fn passed(&self, index: u64) {
        self.position.fetch_max(index, Ordering::AcqRel);
    }

    /// The store's indexes may have begun anew.
    pub(crate) fn forget_position(&self) {
        self.position.store(0, Ordering::Release);
    }

    /// The last index it was told of, when that is the store's.
    pub(crate) fn told(&self) -> Option<Index> {
        let entries = !matches!(self.follows, Follows::Elsewhere);
        entries.then(|| Index::new(self.position.load(Ordering::Acquire)))
    }

    /// Up to which of the store's indexes it has taken everything there was for it. A commit that does not touch its topic neither wakes it nor holds
    /// this back; `None` when its indexes are not the store's.
    pub(crate) fn taken(&self, publisher: &EventPublisher<EntryEvent>) -> Option<Index> {
        let upto = publisher.index();
        let position = self.position.load(Ordering::Acquire);
        let taken = match &self.follows {
            Follows::Elsewhere => return None,
            Follows::Topic(topic) if position >= publisher.index_of(topic) => position.max(upto),
            Follows::Topic(_) | Follows::All => position,
        };
        Some(Index::new(taken))
    }

    pub(crate) fn status(&self, publisher: &EventPublisher<EntryEvent>) -> SourceStatus {
        SourceStatus {
            name: self.name.clone(),
            state: self.state(),
            synced: self.is_synced(),
            gate: self.gate,
            position: self.taken(publisher),
            unmapped: self.unmapped.lock().iter().map(|(key, error)| (key.clone(), error.clone())).collect(),
        }
    }
}
