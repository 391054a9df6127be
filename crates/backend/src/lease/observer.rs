//! The two records of a lease as a follower sees them, and since when they stand still.

use std::time::Duration;

use trimtab_seams::{Instant, Seams};

use super::follower::Follower;
use super::term::Term;
use super::{Holder, LeaseError, LeaseSettings, key_of};
use crate::{AnyBackend, Expect, FeedItem, Index, Key, Part, Record, RecordChange};

/// The two records as they were seen last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sight {
    pub(super) epoch: Option<Record>,
    beat: Option<Record>,
}

pub(super) struct Observer {
    follower: Follower,
    seams: Seams,
    settings: LeaseSettings,
    key: Key,
    sight: Sight,
    /// Since when both stand as they do, on a feed that was live all the time; none while it is not.
    still_since: Option<Instant>,
}

impl Observer {
    pub(super) fn new(backend: &AnyBackend, seams: &Seams, settings: LeaseSettings, name: &str) -> Self {
        Self {
            follower: Follower::new(backend, seams, &settings),
            seams: seams.clone(),
            settings,
            key: key_of(name),
            sight: Sight::default(),
            still_since: None,
        }
    }

    /// What is seen.
    pub(super) const fn sight(&self) -> &Sight {
        &self.sight
    }

    /// Whether the whole of it has been seen and nothing is in doubt.
    pub(super) const fn is_live(&self) -> bool {
        self.still_since.is_some()
    }

    /// When the lease may be claimed, as things stand: at once when nobody holds it, else when its records have stood still for the TTL that
    /// its holder gave it. None while the feed is not live.
    pub(super) fn claimable_at(&self) -> Option<Instant> {
        self.still_since.map(|still_since| self.sight.claimable_at(still_since, self.settings.ttl()))
    }

    /// Follows on by one item. Cancel safe.
    ///
    /// # Errors
    /// What no waiting mends.
    pub(super) async fn step(&mut self) -> Result<(), LeaseError> {
        let item = self.follower.next().await?;
        self.take(item);
        Ok(())
    }

    fn take(&mut self, item: FeedItem) {
        match item {
            FeedItem::Reset { .. } => (self.sight, self.still_since) = (Sight::default(), None),
            FeedItem::Chunk(records) => records.iter().for_each(|record| self.sight.put(record, &self.key)),
            FeedItem::Synced(_) => self.still_since = Some(self.seams.now()),
            FeedItem::Batch { changes, .. } => {
                if changes.iter().any(|change| *change.key() == self.key) {
                    changes.iter().for_each(|change| self.sight.apply(change, &self.key));
                    self.still_since = Some(self.seams.now());
                }
            }
        }
    }
}

impl Sight {
    /// Who holds the lease, going by its record.
    pub(super) fn holder(&self) -> Option<Holder> {
        let record = self.epoch.as_ref()?;
        let name = match Term::of(record) {
            Some(term) => term.holder?,
            None => "(not known)".into(),
        };
        Some(Holder { name, epoch: record.version })
    }

    /// What the holder says of itself.
    pub(super) fn about(&self) -> Option<String> {
        Term::of(self.epoch.as_ref()?)?.about
    }

    /// The version of the beat.
    pub(super) fn beat(&self) -> Option<Index> {
        self.beat.as_ref().map(|record| record.version)
    }

    /// When the lease may be claimed that has stood so since then; `ttl` goes for a holder that is not known.
    pub(super) fn claimable_at(&self, still_since: Instant, ttl: Duration) -> Instant {
        match self.epoch.as_ref().map(Term::of) {
            None | Some(Some(Term { holder: None, .. })) => Instant::ORIGIN,
            Some(Some(term)) => still_since + term.ttl,
            Some(None) => still_since + ttl,
        }
    }

    /// The conditions that both records still stand as they were seen: on the epoch, which is to be written, and on the beat.
    pub(super) fn unmoved(&self) -> [Expect; 2] {
        [&self.epoch, &self.beat]
            .map(|record| record.as_ref().map_or(Expect::Absent, |record| Expect::At(record.version)))
    }

    pub(super) fn apply(&mut self, change: &RecordChange, lease: &Key) {
        match change {
            RecordChange::Put(record) => self.put(record, lease),
            RecordChange::Delete { key, .. } if key == lease => *self = Self::default(),
            RecordChange::Delete { .. } => {}
        }
    }

    pub(super) fn put(&mut self, record: &Record, lease: &Key) {
        if record.key == *lease {
            match record.part {
                Part::Spec => self.epoch = Some(record.clone()),
                Part::Status => self.beat = Some(record.clone()),
            }
        }
    }
}
