//! Secondary indexes: from a term to the entries that have it.
//!
//! An index over versions would have to answer for every pinned commit. This one holds the terms of **every kept version** of each key, so
//! it always names too many keys, never too few; the version that a snapshot sees is then looked up, and its own terms decide. A
//! version's terms are computed once, when it is written, and go when it is trimmed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::RwLock;
use trimtab_backend::{Key, KindName};
use trimtab_seams::HashState;

use super::{Turn, Value};

/// The terms of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Terms {
    /// These.
    Known(Vec<String>),
    /// They cannot be told (the value cannot be decoded): it is found under every term, so that the reader meets the error.
    Unknown,
}

type TermsOf<V> = Box<dyn Fn(&V) -> Terms + Send + Sync>;

/// One index.
pub(crate) struct TermIndex<V> {
    kind: Option<KindName>,
    name: Cow<'static, str>,
    terms_of: TermsOf<V>,
    entries: RwLock<Entries>,
}

#[derive(Default)]
struct Entries {
    versions: HashMap<Key, Vec<(Turn, Kept)>, HashState>,
    /// How many kept versions of each key have the term.
    keys: BTreeMap<Arc<str>, BTreeMap<Key, usize>>,
    unknown: BTreeMap<Key, usize>,
}

enum Kept {
    Known(Box<[Arc<str>]>),
    Unknown,
}

impl<V: Value> TermIndex<V> {
    /// An index over one kind, or over all.
    pub(crate) fn new(
        kind: Option<KindName>,
        name: Cow<'static, str>,
        terms_of: impl Fn(&V) -> Terms + Send + Sync + 'static,
    ) -> Self {
        Self { kind, name, terms_of: Box::new(terms_of), entries: RwLock::default() }
    }

    /// Whether it is the index of this name over this kind.
    pub(crate) fn is(&self, kind: Option<&KindName>, name: &str) -> bool {
        self.kind.as_ref() == kind && self.name == name
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.is(other.kind.as_ref(), &other.name)
    }

    fn covers(&self, key: &Key) -> bool {
        self.kind.as_ref().is_none_or(|kind| kind == key.kind_name())
    }

    pub(super) fn add(&self, key: &Key, turn: Turn, value: &V) {
        if !self.covers(key) {
            return;
        }
        // The function is an author's: a panic in it must not end the follower.
        let terms = catch_unwind(AssertUnwindSafe(|| (self.terms_of)(value))).unwrap_or(Terms::Unknown);
        if terms != Terms::Known(Vec::new()) {
            self.entries.write().add(key, turn, terms);
        }
    }

    pub(super) fn forget(&self, key: &Key, turn: Turn) {
        if self.covers(key) {
            self.entries.write().forget(key, turn);
        }
    }

    /// Up to `limit` keys after `after` that may have the term, in order.
    pub(super) fn candidates(&self, term: &str, after: Option<&Key>, limit: usize) -> Vec<Key> {
        let entries = self.entries.read();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let after = |keys: &BTreeMap<Key, usize>| -> Vec<Key> {
            keys.range::<Key, _>((from, Bound::Unbounded)).take(limit).map(|(key, _)| key.clone()).collect()
        };
        let mut keys = entries.keys.get(term).map(after).unwrap_or_default();
        if !entries.unknown.is_empty() {
            keys.extend(after(&entries.unknown));
            keys.sort();
            keys.dedup();
            keys.truncate(limit);
        }
        keys
    }

    /// Whether the version of a key that was written in `turn` has the term, or cannot tell.
    pub(super) fn has(&self, key: &Key, turn: Turn, term: &str) -> bool {
        let entries = self.entries.read();
        let version =
            entries.versions.get(key).and_then(|versions| versions.iter().find(|(at, _)| *at == turn));
        version.is_some_and(|(_, kept)| match kept {
            Kept::Known(terms) => terms.iter().any(|known| **known == *term),
            Kept::Unknown => true,
        })
    }

    #[cfg(test)]
    pub(super) fn versions(&self) -> usize {
        self.entries.read().versions.values().map(Vec::len).sum()
    }
}

impl Entries {
    fn add(&mut self, key: &Key, turn: Turn, terms: Terms) {
        let kept = match terms {
            Terms::Unknown => {
                *self.unknown.entry(key.clone()).or_default() += 1;
                Kept::Unknown
            }
            Terms::Known(mut terms) => {
                terms.sort_unstable();
                terms.dedup();
                Kept::Known(terms.into_iter().map(|term| self.count(key, term)).collect())
            }
        };
        self.versions.entry(key.clone()).or_default().push((turn, kept));
    }

    fn count(&mut self, key: &Key, term: String) -> Arc<str> {
        let term = match self.keys.get_key_value(term.as_str()) {
            Some((shared, _)) => Arc::clone(shared),
            None => term.into(),
        };
        *self.keys.entry(Arc::clone(&term)).or_default().entry(key.clone()).or_default() += 1;
        term
    }

    fn forget(&mut self, key: &Key, turn: Turn) {
        let Some(versions) = self.versions.get_mut(key) else { return };
        let Some(at) = versions.iter().position(|(at, _)| *at == turn) else { return };
        let (_, kept) = versions.swap_remove(at);
        if versions.is_empty() {
            self.versions.remove(key);
        }
        match kept {
            Kept::Unknown => discount(&mut self.unknown, key),
            Kept::Known(terms) => {
                for term in terms {
                    if let Some(keys) = self.keys.get_mut(&term) {
                        discount(keys, key);
                        if keys.is_empty() {
                            self.keys.remove(&term);
                        }
                    }
                }
            }
        }
    }
}

fn discount(keys: &mut BTreeMap<Key, usize>, key: &Key) {
    if let Some(versions) = keys.get_mut(key) {
        *versions -= 1;
        if *versions == 0 {
            keys.remove(key);
        }
    }
}

impl<V> std::fmt::Debug for TermIndex<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TermIndex")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
