//! Own writes, laid over a snapshot.

use std::collections::BTreeMap;

use trimtab_backend::Key;

use crate::Entry;

/// What a run's own commits have made of entries: shown in place of what the snapshot shows, so that the run reads its own writes without
/// waiting for the feed (behaviour C22). Laid over a view by [`View::with_overlay`](crate::View::with_overlay).
#[derive(Clone, Debug, Default)]
pub struct Overlay(BTreeMap<Key, Own>);

#[derive(Clone, Debug)]
struct Own {
    /// None: deleted.
    now: Option<Entry>,
    /// The versions that only own commits lie between and now.
    before: Vec<Entry>,
}

impl Overlay {
    /// What own commits have made of a key; the outer `None`: they have not touched it.
    pub fn get(&self, key: &Key) -> Option<Option<&Entry>> {
        self.0.get(key).map(|own| own.now.as_ref())
    }

    /// An entry that was read, as own commits have made it since. None when they have not touched it, have deleted it, or when somebody else's
    /// commit lies in between: then writing from it must be a conflict.
    pub fn rebase(&self, read: &Entry) -> Option<Entry> {
        let own = self.0.get(read.key())?;
        own.before.iter().find(|before| is_same(before, read)).and_then(|_| own.now.clone())
    }

    /// How many entries own commits have touched.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether own commits have touched nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, Option<&Entry>)> {
        self.0.iter().map(|(key, own)| (key, own.now.as_ref()))
    }

    /// Notes that an own commit has made an entry into another.
    pub(crate) fn set(&mut self, before: Option<&Entry>, key: Key, now: Option<Entry>) {
        let own = self.0.entry(key).or_insert(Own { now: None, before: Vec::new() });
        let goes_on = match (before, &own.now) {
            (Some(before), Some(now)) => is_same(before, now),
            _ => false,
        };
        if !goes_on {
            own.before.clear();
        }
        own.before.extend(before.cloned());
        own.now = now;
    }
}

/// Whether two entries are one version of one life.
fn is_same(a: &Entry, b: &Entry) -> bool {
    (a.uid(), a.version(), a.status_version()) == (b.uid(), b.version(), b.status_version())
}
