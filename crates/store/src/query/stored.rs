//! What the view in memory keeps under a key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use trimtab_backend::{Index, Key, KindName, Record, Scope, TenancyPattern};

use crate::state::Value;
use crate::{DecodeError, Entry, ReadError};

/// An entry, or one that cannot be decoded: that is no reason to stop following, and none to call it absent.
#[derive(Clone, Debug)]
pub(crate) enum Stored {
    Entry(Entry),
    Undecodable(Arc<Undecodable>),
}

/// An entry that cannot be decoded (fault F28).
#[derive(Debug)]
pub(crate) struct Undecodable {
    pub(crate) error: DecodeError,
    spec: Record,
    status: Option<Record>,
    /// What subscribers were told last, so that the next change they hear of goes on from there.
    last: Option<Entry>,
}

impl Value for Stored {
    type About = Followed;
}

impl Stored {
    /// What two records make. `told` is what subscribers know of this life of the entry.
    pub(crate) fn of(spec: Record, status: Option<Record>, told: Option<&Entry>) -> Self {
        match Entry::from_records(spec.clone(), status.clone()) {
            Ok(entry) => Self::Entry(entry),
            Err(error) => {
                tracing::warn!(key = %error.key, %error, "an entry cannot be decoded; it is kept aside");
                Self::Undecodable(Arc::new(Undecodable { error, spec, status, last: told.cloned() }))
            }
        }
    }

    /// The next version of it: with these records in place of its own. A spec of another life does not take the status over.
    pub(crate) fn with(&self, spec: Option<Record>, status: Option<Record>) -> Self {
        match (self, spec, status) {
            (Self::Entry(entry), None, Some(status)) => {
                let next = entry.with_status(status.clone());
                next.map_or_else(|_| Self::of(entry.spec_record(), Some(status), Some(entry)), Self::Entry)
            }
            (_, Some(spec), status) if spec.created != self.created() => Self::of(spec, status, None),
            (Self::Entry(entry), Some(spec), None) => {
                let next = entry.with_spec(spec.clone());
                next.map_or_else(|_| Self::of(spec, entry.status_record(), Some(entry)), Self::Entry)
            }
            (_, spec, status) => {
                Self::of(spec.unwrap_or_else(|| self.spec()), status.or_else(|| self.status()), self.told())
            }
        }
    }

    /// What subscribers know of it.
    pub(crate) fn told(&self) -> Option<&Entry> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Undecodable(undecodable) => undecodable.last.as_ref(),
        }
    }

    pub(crate) fn entry(self) -> Result<Entry, DecodeError> {
        match self {
            Self::Entry(entry) => Ok(entry),
            Self::Undecodable(undecodable) => Err(undecodable.error.clone()),
        }
    }

    /// The commit that began this life of it.
    pub(crate) fn created(&self) -> Index {
        match self {
            Self::Entry(entry) => entry.created(),
            Self::Undecodable(undecodable) => undecodable.spec.created,
        }
    }

    pub(crate) fn spec(&self) -> Record {
        match self {
            Self::Entry(entry) => entry.spec_record(),
            Self::Undecodable(undecodable) => undecodable.spec.clone(),
        }
    }

    pub(crate) fn status(&self) -> Option<Record> {
        match self {
            Self::Entry(entry) => entry.status_record(),
            Self::Undecodable(undecodable) => undecodable.status.clone(),
        }
    }
}

/// What of the backend is followed, and so can be read.
#[derive(Debug)]
pub(crate) struct Followed {
    scope: Scope,
    /// Of [`Scope::All`], only these; all when empty.
    kinds: Vec<KindName>,
    scans: AtomicU64,
}

impl Followed {
    pub(crate) fn new(scope: Scope, kinds: Vec<KindName>) -> Self {
        Self { scope, kinds, scans: AtomicU64::new(0) }
    }

    pub(crate) const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether an entry is kept.
    pub(crate) fn keeps(&self, key: &Key) -> bool {
        self.scope.contains(key) && (self.kinds.is_empty() || self.kinds.contains(key.kind_name()))
    }

    /// Whether entries of a kind are in view at all.
    pub(crate) fn follows(&self, kind: &KindName) -> bool {
        match &self.scope {
            Scope::All => !kind.is_reserved() && (self.kinds.is_empty() || self.kinds.contains(kind)),
            Scope::Kind(followed) | Scope::Within(followed, _) => followed == kind,
            _ => false,
        }
    }

    /// Whether one entry can be read (behaviour C23).
    pub(crate) fn check(&self, key: &Key) -> Result<(), ReadError> {
        if self.keeps(key) { Ok(()) } else { Err(ReadError::NotFollowed(key.to_string())) }
    }

    /// Whether a list would be whole: all of the kind in these tenancies is followed (behaviour C23).
    pub(crate) fn check_list(&self, kind: &KindName, tenancies: &TenancyPattern) -> Result<(), ReadError> {
        let whole = match &self.scope {
            Scope::Within(_, within) => {
                let covers = |all: &Option<String>, part: &Option<String>| all.is_none() || all == part;
                covers(&within.partition, &tenancies.partition)
                    && covers(&within.namespace, &tenancies.namespace)
            }
            _ => true,
        };
        if whole && self.follows(kind) { Ok(()) } else { Err(ReadError::NotFollowed(kind.to_string())) }
    }

    /// Counts a lookup that was not declared and so looked at every entry.
    pub(crate) fn count_scan(&self) {
        self.scans.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn scans(&self) -> u64 {
        self.scans.load(Ordering::Relaxed)
    }
}
