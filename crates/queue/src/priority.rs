//! How urgent an add is.

/// The level at which a ready key stands in line. Within a level the line is first in, first out (behaviour Q4).
///
/// A higher level goes first, but never for ever: a level that has keys is passed over by at most 8 hand-outs before its front key is next,
/// lower levels first. So the front key of a level is handed out after at most 9 others, and a ready key with `p` keys of its
/// own level ahead of it after at most `10 p + 9` others, under any load (behaviour Q14, guarantee Q-f). Where the keys of a level
/// [take turns](crate::QueueSettings::with_fairness), a key with `a` of its own party ahead of it and `n` other parties in line has
/// `p <= a + n (a + 1)`, however many keys those have.
///
/// Initial snapshots and resyncs belong to [`Low`](Priority::Low), so that they never hold up a change somebody waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub enum Priority {
    /// Work that can wait: initial snapshots, resyncs.
    Low,
    /// A change.
    #[default]
    Normal,
    /// A change a person waits for.
    High,
}
