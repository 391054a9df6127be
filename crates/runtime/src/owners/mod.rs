//! Owners and what they own: when an entry's last owner is gone, it goes too (behaviour E7).
//!
//! Backends know nothing of owners, and the write door deletes only what it is told. What follows from a deletion is a controller's work like any other:
//! level-triggered, repeatable after a crash at any point. A lone controller that commits owned entries needs [`cascade`] beside it;
//! [`Manager`](crate::Manager) adds it by itself.

mod cascade;
mod every_kind;

use trimtab_store::Store;

use crate::{Controller, Source};
use every_kind::EveryKind;

/// The name of the cascade among controllers.
pub(crate) const CASCADE: &str = "trimtab.owners";

/// The controller that deletes what is no longer owned.
///
/// - An entry all of whose owners are gone - by uid: another entry of the same name is another one - is deleted.
/// - An owner deleted with `Propagation::Foreground` stays, deleting, until what it alone owns is gone; with `Orphan` it is taken off its dependents'
///   owners first.
///
/// It sees what the store follows; kinds outside of it are taken to be there. A kind that has its first entry is noticed within 100 ms.
pub fn cascade(store: &Store) -> Controller {
    let cascade = Controller::new(store, cascade::reconcile)
        .named(CASCADE)
        .subscribe(Source::<crate::Told>::every_kind(EveryKind::new(store)))
        .with_workers(4);
    cascade.is_not_alone();
    cascade
}
