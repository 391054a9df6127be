//! For which requests a change is news.

use crate::Request;
use crate::shard::Gained;

/// A change is news for all that it leads to. What a source tells of again, because this replica has gained keys, is news for these keys alone. It goes with the
/// change until that is mapped.
#[derive(Clone, Debug)]
pub(super) struct News {
    all: bool,
    gained: Option<Gained>,
}

impl News {
    /// Of a change that has just come.
    pub(super) const fn for_all() -> Self {
        Self { all: true, gained: None }
    }

    /// Of what is told again.
    pub(super) const fn for_gained(gained: Gained) -> Self {
        Self { all: false, gained: Some(gained) }
    }

    /// Of two changes that are mapped together.
    pub(super) fn and(self, later: Self) -> Self {
        let gained = match (self.gained, later.gained) {
            (Some(earlier), Some(later)) => Some(earlier.through(later)),
            (earlier, later) => earlier.or(later),
        };
        Self { all: self.all || later.all, gained }
    }

    /// Whether the key is this replica's anew: what it answered when it was before says nothing.
    pub(super) fn is_for_gained(&self, request: &Request) -> bool {
        self.gained.as_ref().is_some_and(|gained| gained.holds(request))
    }

    pub(super) const fn is_for_all(&self) -> bool {
        self.all
    }
}
