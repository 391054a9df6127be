//! One reason for a run.

use std::fmt;

use trimtab_backend::{Index, Key};

/// Why a key runs, one of possibly several reasons: see [`Context::reasons`](crate::Context::reasons). `Display` gives a line for people.
///
/// ```
/// use trimtab_runtime::{Reason, WhatHappened};
/// # use trimtab_backend::{Index, Key};
/// # let reason = Reason::of(WhatHappened::Changed, Some(Key::new("certificate", "blog-cert")), Some(Index::new(41)));
/// assert_eq!(reason.what(), WhatHappened::Changed);
/// assert_eq!(reason.to_string(), "certificate/blog-cert changed at 41");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reason {
    what: WhatHappened,
    key: Option<Key>,
    /// Zero: none.
    index: Index,
}

/// The kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WhatHappened {
    /// An entry was there when its source began or began anew.
    Found,
    /// An entry was created or changed.
    Changed,
    /// An entry was deleted.
    Deleted,
    /// A source that carries no entries, or a stream, named the key.
    Told,
    /// It was enqueued by hand.
    Enqueued,
    /// A trigger of the key ended.
    Triggered,
    /// The last run asked for it, or the period of the forced resync has passed.
    Requeued,
    /// The last run failed.
    Retried,
    /// The last run lost against another writer.
    Conflict,
    /// The view was not new enough for the last run.
    Waited,
}

impl Reason {
    /// A reason, the entry it is about, and the commit it came with: for contexts and queues made by hand in tests.
    pub fn of(what: WhatHappened, key: Option<Key>, index: Option<Index>) -> Self {
        Self { what, key, index: index.unwrap_or_default() }
    }

    /// What happened.
    pub const fn what(&self) -> WhatHappened {
        self.what
    }

    /// The entry it happened to; none when it was no entry.
    pub const fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// The commit it happened at; none when it was no commit.
    pub fn index(&self) -> Option<Index> {
        (self.index != Index::ZERO).then_some(self.index)
    }

    /// Whether something new happened, as against the runtime or the key itself repeating a run.
    pub(crate) const fn is_news(&self) -> bool {
        matches!(
            self.what,
            WhatHappened::Found
                | WhatHappened::Changed
                | WhatHappened::Deleted
                | WhatHappened::Told
                | WhatHappened::Enqueued
                | WhatHappened::Triggered
        )
    }
}

impl fmt::Display for WhatHappened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Found => "found",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Told => "told",
            Self::Enqueued => "enqueued",
            Self::Triggered => "triggered",
            Self::Requeued => "requeued",
            Self::Retried => "retried after a failure",
            Self::Conflict => "run again after a conflict",
            Self::Waited => "run again after waiting for the view",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = &self.key {
            write!(f, "{key} ")?;
        }
        write!(f, "{}", self.what)?;
        self.index().map_or(Ok(()), |index| write!(f, " at {index}"))
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
