//! Watching over many leases by one feed: which of their lives are over.

use std::collections::BTreeMap;
use std::fmt;

use trimtab_seams::{Instant, Seams};

use super::follower::Follower;
use super::observer::Sight;
use super::{Holder, LeaseError, LeaseSettings, key_of};
use crate::deadline::before;
use crate::{AnyBackend, Check, FeedItem, Index, Key, Part, RecordChange};

/// Tells who holds which lease, and which of many leases have ended, by the rule that lets a challenger take one over. For those who do not want a lease, but must
/// know that what was done under it is over. Made by [`StoreLease::vigil`](super::StoreLease::vigil).
#[must_use = "a vigil watches while it is asked by `over` or `news`"]
pub struct Vigil {
    follower: Follower,
    seams: Seams,
    settings: LeaseSettings,
    /// What is seen of each lease, and since when it stands so on a feed that was live all the time.
    sights: BTreeMap<Key, (Sight, Instant)>,
    live: bool,
    /// When it was last looked whose life is over, all having been heard that was told before.
    judged: Instant,
}

/// A lease that is held, as it was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The lease.
    pub name: String,
    /// Who holds it.
    pub holder: Holder,
    /// What the holder says of itself, see [`StoreLease::with_about`](super::StoreLease::with_about).
    pub about: Option<String>,
    /// Whether the holder's life is over: silent for its TTL, and nobody has taken the lease since.
    pub is_over: bool,
    /// The version of its beat; another one tells that the holder lived in between.
    pub beat: Option<Index>,
}

/// A life of a lease that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    /// The lease.
    pub name: String,
    /// The epoch that has ended.
    pub epoch: Index,
    /// The conditions that it has not come to life again. A transaction with both cannot depose a holder who renewed meanwhile.
    pub unmoved: [Check; 2],
}

impl Sighting {
    /// The entry that the lease is: whoever deletes it, at the version of the holder's epoch, takes the lease from the store.
    pub fn key(&self) -> Key {
        key_of(&self.name)
    }
}

impl Vigil {
    pub(super) fn new(backend: &AnyBackend, seams: &Seams, settings: LeaseSettings) -> Self {
        Self {
            follower: Follower::new(backend, seams, &settings),
            seams: seams.clone(),
            settings,
            sights: BTreeMap::new(),
            live: false,
            judged: Instant::ORIGIN,
        }
    }

    /// Waits for anything that may change what is [seen](Self::held): a record that moved, a life that is over, the feed lost or found again. Goes on through outages
    /// of the store. Cancel safe.
    ///
    /// # Errors
    /// A missing right, a broken store.
    pub async fn news(&mut self) -> Result<(), LeaseError> {
        loop {
            let was_live = self.live;
            let held = self.sights.values().filter(|(sight, _)| sight.holder().is_some());
            let ends = held.map(|(sight, still_since)| sight.claimable_at(*still_since, self.settings.ttl()));
            let next = if was_live { ends.filter(|end| *end > self.judged).min() } else { None };
            let alarm = self.seams.sleep_until(next.unwrap_or(Instant::FAR_FUTURE));
            let stepped = before(alarm, self.step()).await;
            if stepped.is_none() {
                // The feed had nothing more to tell: who slept must not judge by what was seen before.
                self.judged = self.seams.now();
            }
            stepped.transpose()?;
            if self.live || was_live {
                return Ok(());
            }
        }
    }

    /// Whether the whole is seen and every change told. Where not, what is [seen](Self::held) is old, or a part.
    pub const fn is_live(&self) -> bool {
        self.live
    }

    /// The leases that are held, in order of their names, as they stood at the last [news](Self::news).
    pub fn held(&self) -> impl Iterator<Item = Sighting> {
        self.sights.iter().filter_map(|(key, (sight, still_since))| {
            Some(Sighting {
                name: key.name().into(),
                holder: sight.holder()?,
                about: sight.about(),
                is_over: sight.claimable_at(*still_since, self.settings.ttl()) <= self.judged,
                beat: sight.beat(),
            })
        })
    }

    /// Waits until some of these lives, each a lease's name and epoch, are over: released, granted anew, or silent for their TTL. Goes on through outages of the
    /// store, which nobody is held responsible for. Cancel safe.
    ///
    /// # Errors
    /// A missing right, a broken store.
    pub async fn over<'a>(
        &mut self,
        lives: impl Iterator<Item = (&'a str, Index)> + Clone,
    ) -> Result<Vec<Over>, LeaseError> {
        loop {
            let ends = |(name, epoch)| self.end_of(name, epoch);
            let next = if self.live { lives.clone().map(ends).min() } else { None };
            // What the feed has to tell comes first: who slept must not judge by what was seen before.
            let alarm = self.seams.sleep_until(next.unwrap_or(Instant::FAR_FUTURE));
            if let Some(stepped) = before(alarm, self.step()).await {
                stepped?;
                continue;
            }
            let now = self.seams.now();
            let over = lives.clone().filter(|(name, epoch)| self.end_of(name, *epoch) <= now);
            let over: Vec<_> = over
                .map(|(name, epoch)| Over { name: name.into(), epoch, unmoved: self.unmoved(name) })
                .collect();
            if self.live && !over.is_empty() {
                return Ok(over);
            }
        }
    }

    /// When this life ends, as things stand.
    fn end_of(&self, name: &str, epoch: Index) -> Instant {
        match self.sights.get(&key_of(name)) {
            Some((sight, still_since)) if sight.epoch.as_ref().is_some_and(|it| it.version == epoch) => {
                sight.claimable_at(*still_since, self.settings.ttl())
            }
            _ => Instant::ORIGIN,
        }
    }

    fn unmoved(&self, name: &str) -> [Check; 2] {
        let key = key_of(name);
        let sight = self.sights.get(&key).map_or_else(Sight::default, |(sight, _)| sight.clone());
        let [epoch, beat] = sight.unmoved();
        let check = |part, expect| Check { key: key.clone(), part, expect };
        [check(Part::Spec, epoch), check(Part::Status, beat)]
    }

    /// Follows on by one item. Cancel safe.
    async fn step(&mut self) -> Result<(), LeaseError> {
        let item = self.follower.next().await?;
        self.take(item);
        Ok(())
    }

    fn take(&mut self, item: FeedItem) {
        let now = self.seams.now();
        match item {
            FeedItem::Reset { .. } => {
                self.sights.clear();
                self.live = false;
            }
            FeedItem::Chunk(records) => {
                for record in records {
                    self.sights.entry(record.key.clone()).or_default().0.put(&record, &record.key);
                }
            }
            FeedItem::Synced(_) => {
                self.live = true;
                self.sights.values_mut().for_each(|(_, still_since)| *still_since = now);
            }
            FeedItem::Batch { changes, .. } => {
                for change in &*changes {
                    if let RecordChange::Delete { key, .. } = change {
                        self.sights.remove(key);
                    } else {
                        let (sight, still_since) = self.sights.entry(change.key().clone()).or_default();
                        sight.apply(change, change.key());
                        *still_since = now;
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Vigil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vigil")
            .field("leases", &self.sights.len())
            .field("live", &self.live)
            .finish_non_exhaustive()
    }
}
