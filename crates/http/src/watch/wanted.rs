//! What a watch is to tell.

use trimtab_store::{
    Entry, EntryEvent, Key, KindName, Selector, SubscribeRequest, Tenancy, TenancyPattern, subject,
};

/// The entries that a watch follows.
///
/// With a selector it shows the world as if there were no other entries: one whose labels begin to match appears (without `old`), one whose labels stop
/// matching disappears (without `new`), and one that matches neither before nor after is not told of. Whoever holds what it was told by name holds exactly
/// what matches.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) kind: KindName,
    pub(crate) name: Option<String>,
    pub(crate) tenancies: TenancyPattern,
    pub(crate) selector: Selector,
}

/// How much of a change is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// All of it.
    Whole,
    /// Only what it is now.
    Appears,
    /// Only what it was.
    Disappears,
}

impl Wanted {
    /// A subscription to no more than is needed.
    pub(crate) fn request(&self) -> SubscribeRequest {
        match self.key() {
            Some(key) => SubscribeRequest::one(self.kind.as_str(), subject(&key)),
            None => SubscribeRequest::all(self.kind.as_str()),
        }
    }

    /// The one entry that is wanted, if it is one.
    fn key(&self) -> Option<Key> {
        let TenancyPattern { partition: Some(partition), namespace: Some(namespace) } = &self.tenancies
        else {
            return None;
        };
        let tenancy = Tenancy::new(partition, namespace);
        self.name.as_ref().map(|name| Key::within(self.kind.clone(), tenancy, name))
    }

    /// Whether an entry is wanted as it is.
    pub(crate) fn takes(&self, entry: &Entry) -> bool {
        self.names(entry.key()) && self.matches(entry)
    }

    /// How much of an event is wanted.
    pub(crate) fn sees(&self, event: &EntryEvent) -> Option<Seen> {
        if !self.names(&event.key) {
            return None;
        }
        if self.selector.is_empty() {
            return Some(Seen::Whole);
        }
        let matches = |entry: &Option<Entry>| entry.as_ref().map(|entry| self.matches(entry));
        // Of the past it may not be known what was there before.
        let is_new = event.new.as_ref().is_none_or(|new| new.created() == event.index);
        match (matches(&event.old), matches(&event.new)) {
            (Some(true), Some(true) | None) | (None, None) => Some(Seen::Whole),
            (Some(false) | None, Some(true)) => Some(Seen::Appears),
            (Some(true), Some(false)) => Some(Seen::Disappears),
            (None, Some(false)) if !is_new => Some(Seen::Disappears),
            (Some(false) | None, Some(false)) | (Some(false), None) => None,
        }
    }

    fn names(&self, key: &Key) -> bool {
        self.tenancies.matches(key.tenancy()) && self.name.as_deref().is_none_or(|name| name == key.name())
    }

    fn matches(&self, entry: &Entry) -> bool {
        self.selector.is_empty() || self.selector.matches(|label| entry.label(label))
    }
}
