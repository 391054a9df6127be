//! What is known of all leases, and what that says of replicas.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use trimtab_backend::{Holder, Sighting, Vigil};
use trimtab_seams::Instant;

use super::Replica;

/// What the leases of presence begin with; the rest is the replica's id.
const PRESENCE: &str = "trimtab.replica.";
/// How long a replica that has fallen silent is shown.
const KEEP: Duration = Duration::from_secs(600);
/// So many of them at most, or replicas that crash again and again would leave a record each time.
const MOST: usize = 16;

/// A replica, as it is seen from here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicaStatus {
    /// Random, new with each start.
    pub id: String,
    /// What it says of itself.
    pub replica: Replica,
    /// Whether it lives.
    pub state: ReplicaState,
}

/// Whether a replica lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplicaState {
    /// It was heard of within the TTL of its lease.
    Alive,
    /// It was not: it has died, sleeps, or does not reach the store.
    Silent,
    /// It cannot be known: the leases cannot be followed from here.
    Unknown,
}

impl ReplicaState {
    /// The word that commands and metrics use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Silent => "silent",
            Self::Unknown => "unknown",
        }
    }
}

/// All leases, by name, as they were seen last.
#[derive(Debug, Default)]
pub(super) struct Board {
    seen: BTreeMap<String, Seen>,
    /// Whether it is what is so now.
    is_live: bool,
}

#[derive(Debug)]
struct Seen {
    sighting: Sighting,
    silent_since: Option<Instant>,
    /// It was heard to beat.
    has_beaten: bool,
}

/// The lease of presence of the replica with this id.
pub(super) fn lease_of(id: &str) -> String {
    format!("{PRESENCE}{id}")
}

impl Board {
    /// Takes in what a vigil sees now.
    pub(super) fn take(&mut self, vigil: &Vigil, now: Instant) {
        self.is_live = vigil.is_live();
        if self.is_live {
            let before = std::mem::take(&mut self.seen);
            let seen = |sighting: Sighting| {
                (sighting.name.clone(), Seen::new(before.get(&sighting.name), sighting, now))
            };
            self.seen = vigil.held().map(seen).collect();
        }
    }

    /// Who holds a lease, and lives, as far as is known.
    pub(super) fn holder(&self, lease: &str) -> Option<&Holder> {
        let seen = self.seen.get(lease).filter(|seen| seen.silent_since.is_none())?;
        Some(&seen.sighting.holder)
    }

    /// The replicas that present themselves.
    pub(super) fn replicas(&self) -> impl Iterator<Item = ReplicaStatus> {
        self.presences().filter_map(|(id, seen)| {
            let replica = Replica::of(&seen.sighting.holder.name, seen.sighting.about.as_ref()?)?;
            let state = match seen.silent_since {
                _ if !self.is_live => ReplicaState::Unknown,
                Some(_) => ReplicaState::Silent,
                None => ReplicaState::Alive,
            };
            Some(ReplicaStatus { id: id.into(), replica, state })
        })
    }

    /// A replica of the same name as the one with this id, that came before it and is heard.
    pub(super) fn namesake(&self, id: &str) -> Option<ReplicaStatus> {
        let own = &self.seen.get(&lease_of(id))?.sighting.holder;
        let before = self.presences().filter(|(_, seen)| {
            let Holder { name, epoch } = &seen.sighting.holder;
            *name == own.name && *epoch < own.epoch && seen.has_beaten && seen.silent_since.is_none()
        });
        let before: BTreeSet<_> = before.map(|(id, _)| id).collect();
        self.replicas().find(|status| before.contains(&*status.id))
    }

    /// The leases of silent replicas that are to be forgotten.
    pub(super) fn forgotten(&self, now: Instant) -> Vec<Sighting> {
        if !self.is_live {
            return Vec::new();
        }
        let (mut silent, alive): (Vec<_>, Vec<_>) =
            self.presences().map(|(_, seen)| seen).partition(|seen| seen.silent_since.is_some());
        silent.sort_by_key(|seen| seen.sighting.holder.epoch);
        let too_many = silent.len().saturating_sub(MOST);
        let lives_again =
            |seen: &Seen| alive.iter().any(|other| other.sighting.holder.name == seen.sighting.holder.name);
        let is_over = |(at, seen): &(usize, &Seen)| {
            *at < too_many || lives_again(seen) || seen.silent_since.is_some_and(|since| now - since >= KEEP)
        };
        let over = silent.into_iter().enumerate().filter(is_over);
        over.map(|(_, seen)| seen.sighting.clone()).collect()
    }

    /// Each by its id.
    fn presences(&self) -> impl Iterator<Item = (&str, &Seen)> {
        self.seen.iter().filter_map(|(lease, seen)| Some((lease.strip_prefix(PRESENCE)?, seen)))
    }
}

impl Seen {
    fn new(before: Option<&Self>, sighting: Sighting, now: Instant) -> Self {
        let before = before.filter(|before| before.sighting.holder == sighting.holder);
        let has_moved = |before: &Self| before.sighting.beat != sighting.beat;
        let has_beaten = before.is_some_and(|before| before.has_beaten || has_moved(before));
        let silent_since = match before.filter(|before| !has_moved(before)) {
            // Also when the feed was cut meanwhile: whoever was silent has not moved since.
            Some(Self { silent_since: Some(since), .. }) => Some(*since),
            _ => sighting.is_over.then_some(now),
        };
        Self { sighting, silent_since, has_beaten }
    }
}
