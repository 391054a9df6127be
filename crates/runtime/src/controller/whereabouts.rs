//! In which replica a key runs.

use super::core::Core;
use crate::{Placement, Request};

/// In which replica a key runs, as far as it is known here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Whereabouts {
    /// In this one.
    Here,
    /// In the one of this name: where keys are [shared out](Placement::sharded).
    With(String),
    /// Not here: this replica waits for the lease, see [`ControllerStatus::placement`](crate::ControllerStatus::placement), or to be a member of the group.
    NotHere,
}

impl Core {
    pub(super) fn whereabouts(&self, key: &Request) -> Whereabouts {
        if self.placement() == Placement::Everywhere {
            return Whereabouts::Here;
        }
        let Some(tenure) = self.keeper().and_then(|keeper| keeper.tenure()) else {
            return Whereabouts::NotHere;
        };
        let Some(share) = &tenure.share else { return Whereabouts::Here };
        // By the map that was seen last: a key that is about to come will run here at once, one that is about to go will not.
        match share.owner(key) {
            Some(owner) if owner.lease == share.lease => Whereabouts::Here,
            Some(owner) => Whereabouts::With(owner.holder),
            None => Whereabouts::NotHere,
        }
    }
}
