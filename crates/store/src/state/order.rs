//! Keys in order: by kind, partition, namespace, name.
//!
//! One ordered map for each kind and tenancy, in an ordered map of these. Within one, names compare by their first 16 bytes as numbers;
//! kind and tenancy are left out of these, or they would hold nothing but what all keys share. Only creates and the
//! last trim of a deleted key write here.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use parking_lot::RwLock;
use trimtab_backend::{Key, KindName, Tenancy, TenancyPattern};

use super::cell::Cell;

/// How many cells a list takes under one lock.
pub(super) const STRIDE: usize = 128;

pub(super) struct Order<V>(RwLock<BTreeMap<Group, Names<V>>>);

type Group = (KindName, Tenancy);
type Names<V> = BTreeMap<Name, Arc<Cell<V>>>;

/// A key, ordered by its name alone.
#[derive(Clone)]
struct Name {
    head: (u64, u64),
    key: Key,
}

/// Which keys a list walks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Range {
    /// One kind; all but the reserved ones when absent.
    pub(crate) kind: Option<KindName>,
    /// Which tenancies.
    pub(crate) tenancies: TenancyPattern,
    /// How the names begin.
    pub(crate) prefix: String,
}

impl Range {
    /// Whether a key lies in it.
    pub(crate) fn contains(&self, key: &Key) -> bool {
        let kind = match &self.kind {
            Some(kind) => kind == key.kind_name(),
            None => !key.kind_name().is_reserved(),
        };
        kind && self.tenancies.matches(key.tenancy()) && key.name().starts_with(&self.prefix)
    }
}

impl<V> Order<V> {
    pub(super) fn new() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }

    pub(super) fn insert(&self, cell: &Arc<Cell<V>>) {
        let group = group_of(&cell.key);
        self.0.write().entry(group).or_default().insert(Name::of(&cell.key), Arc::clone(cell));
    }

    pub(super) fn remove(&self, key: &Key) {
        let group = group_of(key);
        let mut groups = self.0.write();
        let removed = groups.get_mut(&group).and_then(|names| names.remove(&Name::of(key)));
        if groups.get(&group).is_some_and(BTreeMap::is_empty) {
            groups.remove(&group);
        }
        drop(groups);
        drop(removed);
    }

    /// The kinds that have keys, in order.
    pub(super) fn kinds(&self) -> Vec<KindName> {
        let mut kinds: Vec<KindName> = self.0.read().keys().map(|(kind, _)| kind.clone()).collect();
        kinds.dedup();
        kinds
    }

    /// Visits up to [`STRIDE`] cells of the range after a key. Gives the last one's key when there are more.
    pub(super) fn walk(
        &self,
        range: &Range,
        after: Option<&Key>,
        visit: &mut dyn FnMut(&Arc<Cell<V>>),
    ) -> Option<Key> {
        let groups = self.0.read();
        let mut visited = 0;
        let mut last: Option<&Key> = None;
        let resumed = after.map(group_of);
        let first = resumed.clone().or_else(|| range.first_group());
        let from = first.as_ref().map_or(Bound::Unbounded, Bound::Included);
        for (group, names) in groups.range::<Group, _>((from, Bound::Unbounded)) {
            if range.ends_before(group) {
                break;
            }
            if !range.holds_group(group) {
                continue;
            }
            // A key before all that begins with the prefix says nothing here.
            let within =
                |after: &&Key| resumed.as_ref() == Some(group) && after.name() >= range.prefix.as_str();
            let start = match after.filter(within) {
                Some(after) => Bound::Excluded(Name::of(after)),
                None => range.first_name(group),
            };
            for (name, cell) in names.range((start, Bound::Unbounded)) {
                if !name.key.name().starts_with(&range.prefix) {
                    break;
                }
                if visited == STRIDE {
                    return last.cloned();
                }
                visited += 1;
                last = Some(&cell.key);
                visit(cell);
            }
        }
        None
    }
}

impl Range {
    /// Where its groups begin, as far as that can be told.
    fn first_group(&self) -> Option<Group> {
        let kind = self.kind.clone()?;
        let partition = self.tenancies.partition.as_deref().unwrap_or("");
        let namespace = self.tenancies.namespace.as_deref().filter(|_| !partition.is_empty()).unwrap_or("");
        Some((kind, Tenancy::new(partition, namespace)))
    }

    /// Whether neither this group nor a later one is in it.
    fn ends_before(&self, (kind, tenancy): &Group) -> bool {
        let Some(last) = &self.kind else { return false };
        let Some(partition) = self.tenancies.partition.as_deref() else { return last < kind };
        let namespace = self.tenancies.namespace.as_deref();
        let parts = (kind.as_str(), tenancy.partition());
        (last.as_str(), partition) < parts
            || (last.as_str(), partition) == parts && namespace.is_some_and(|last| last < tenancy.namespace())
    }

    fn holds_group(&self, (kind, tenancy): &Group) -> bool {
        let kind = self.kind.as_ref().map_or(!kind.is_reserved(), |wanted| wanted == kind);
        kind && self.tenancies.matches(tenancy)
    }

    fn first_name(&self, (kind, tenancy): &Group) -> Bound<Name> {
        if self.prefix.is_empty() {
            return Bound::Unbounded;
        }
        Bound::Included(Name::of(&Key::within(kind.clone(), tenancy.clone(), &self.prefix)))
    }
}

fn group_of(key: &Key) -> Group {
    (key.kind_name().clone(), key.tenancy().clone())
}

impl Name {
    fn of(key: &Key) -> Self {
        let mut head = [0; 16];
        let name = key.name().as_bytes();
        let shared = name.len().min(16);
        head[..shared].copy_from_slice(&name[..shared]);
        // Two numbers need no alignment to 16 bytes: 8 bytes less for each key.
        let head = u128::from_be_bytes(head);
        let half = |shift| u64::try_from(head >> shift & u128::from(u64::MAX)).unwrap_or_default();
        Self { head: (half(64), half(0)), key: key.clone() }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.head == other.head && self.key.name() == other.key.name()
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Names hold no NUL, so a shorter name's padding compares below every longer one's byte.
        self.head.cmp(&other.head).then_with(|| self.key.name().cmp(other.key.name()))
    }
}
