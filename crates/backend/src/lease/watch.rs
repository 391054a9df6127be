//! Following who holds a lease.

use std::fmt;

use super::observer::Observer;
use super::{Holder, LeaseError};

/// Tells who holds a lease, and each change of it. Made by [`Leases::watch`](super::Leases::watch).
#[must_use = "a watch tells what is asked of it by `next`"]
pub struct Watch {
    observer: Observer,
    /// Whether anything was told.
    begun: bool,
    /// What was told last.
    told: Option<Holder>,
}

impl Watch {
    pub(super) const fn new(observer: Observer) -> Self {
        Self { observer, begun: false, told: None }
    }

    /// The holder, as soon as it is known and is not what was told last; `None` when nobody holds the lease. Goes on through outages of the
    /// store. Cancel safe.
    ///
    /// # Errors
    /// A missing right, a broken store.
    pub async fn next(&mut self) -> Result<Option<Holder>, LeaseError> {
        loop {
            if self.observer.is_live() {
                let holder = self.observer.sight().holder();
                if !self.begun || self.told != holder {
                    self.begun = true;
                    self.told.clone_from(&holder);
                    return Ok(holder);
                }
            }
            self.observer.step().await?;
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("holder", &self.told).finish_non_exhaustive()
    }
}
