//! What writes are resolved against.

use std::fmt;
use std::time::SystemTime;

use trimtab_backend::{Key, KindName, Limits, Tenancy, Uid};

use crate::Entry;

/// All that [`Write::resolve`](super::Write::resolve) goes by beside the writes. Functions, so that a store, a run's context and a test
/// each bring their own.
#[derive(Clone, Copy)]
pub struct Basis<'a> {
    /// The tenancy that a draft without one means.
    pub home: &'a Tenancy,
    /// How large things may be.
    pub limits: &'a Limits,
    /// The time of day: when entries are created and marked for deletion.
    pub now: SystemTime,
    /// The entry in view: what a draft is compared with.
    pub current: &'a dyn Fn(&Key) -> Option<Entry>,
    /// An entry that was read, as the same run's own commits have made it since; none when they have not touched it. So a value that was read once
    /// stays good to write from through one's own commits, never through another's (behaviour C22).
    pub rebase: &'a dyn Fn(&Entry) -> Option<Entry>,
    /// Whether entries of a kind are in view at all.
    pub follows: &'a dyn Fn(&KindName) -> bool,
    /// A new uid.
    pub uid: &'a dyn Fn() -> Uid,
}

impl fmt::Debug for Basis<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basis").field("home", self.home).finish_non_exhaustive()
    }
}
