//! Reading: snapshots, views, lists, lookups, changes.
//!
//! A reconciler, a transformer and an HTTP handler ask the same questions, so all of them ask a [`View`]: a [`Snapshot`] of the store at one
//! index, seen from one tenancy. A run of a reconciler lays its own writes over it. What nobody follows is an error, never
//! "absent" (behaviour C23): a reconciler that took silence for absence would delete things.

mod change;
mod lookup;
mod overlay;
mod path;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod query;
mod results;
mod selector;
mod snapshot;
mod stored;
mod view;

pub use change::Change;
pub use lookup::Lookup;
pub use overlay::Overlay;
pub use query::Query;
pub use results::Results;
pub use selector::{Selector, SelectorError};
pub use snapshot::Snapshot;
pub use view::View;

pub(crate) use lookup::new_owner_index;
pub(crate) use stored::{Followed, Stored};
