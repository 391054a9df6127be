//! What a member may run, at one stretch of its life.

use std::sync::{Arc, OnceLock};

use trimtab_backend::{Index, Key};

use super::Map;

/// Replaced by the next one when the member adopts a map, or when all have adopted it. Whoever holds an old one finds the later ones by it.
#[derive(Debug)]
pub(crate) struct Standing {
    lease: Arc<str>,
    /// The last map that all had adopted, if there was one in this life, and all that this member has adopted since.
    maps: Vec<Arc<Map>>,
    /// Whether the first of them was adopted by all.
    based: bool,
    next: OnceLock<Arc<Standing>>,
}

impl Standing {
    /// That of a member which has adopted nothing.
    pub(super) fn outside(lease: &str) -> Arc<Self> {
        Self::of(lease.into(), Vec::new(), false)
    }

    fn of(lease: Arc<str>, maps: Vec<Arc<Map>>, based: bool) -> Arc<Self> {
        Arc::new(Self { lease, maps, based, next: OnceLock::new() })
    }

    /// The map it goes by.
    pub(crate) fn map(&self) -> Option<&Arc<Map>> {
        self.maps.last()
    }

    /// The version of that map, which its commits are conditional on.
    pub(crate) fn version(&self) -> Option<Index> {
        self.map().map(|map| map.version)
    }

    /// Whether all members have adopted that map: then who owns a key may run it.
    pub(crate) fn is_settled(&self) -> bool {
        self.based && self.maps.len() == 1
    }

    /// Whether the key is this member's, though perhaps not yet.
    pub(crate) fn owns(&self, key: &Key) -> bool {
        self.map().is_some_and(|map| map.gives(key, &self.lease))
    }

    /// Whether the key may run.
    pub(crate) fn allows(&self, key: &Key) -> bool {
        self.based && self.maps.iter().all(|map| map.gives(key, &self.lease))
    }

    /// Whether a key may run that, since `before`, could not at some time: whoever queued it may have seen it dropped.
    pub(crate) fn has_gained(&self, key: &Key, before: &Self) -> bool {
        self.allows(key) && !before.through(self).all(|standing| standing.allows(key))
    }

    /// From here to a later one.
    fn through<'a>(&'a self, last: &'a Self) -> impl Iterator<Item = &'a Self> {
        let after = |standing: &&'a Self| {
            if std::ptr::eq(*standing, last) { None } else { standing.next.get().map(|next| &**next) }
        };
        std::iter::successors(Some(self), after)
    }

    /// The next one: it has adopted one more map.
    pub(super) fn adopt(&self, map: Arc<Map>) -> Arc<Self> {
        let before = if self.based { &self.maps[..] } else { &[] };
        let maps = before.iter().cloned().chain([map]).collect();
        self.follow(Self::of(Arc::clone(&self.lease), maps, self.based))
    }

    /// The next one: all have adopted the map it goes by.
    pub(super) fn settle(&self) -> Arc<Self> {
        let map = self.maps.last().cloned();
        self.follow(Self::of(Arc::clone(&self.lease), map.into_iter().collect(), true))
    }

    fn follow(&self, next: Arc<Self>) -> Arc<Self> {
        // One at a time, under the lock of the share.
        let _ = self.next.set(Arc::clone(&next));
        next
    }
}

#[cfg(test)]
mod tests {
    use super::super::Member;
    use super::*;

    fn map(version: u64, members: &[&str]) -> Arc<Map> {
        let member =
            |name: &&str| Member { lease: (*name).into(), holder: String::new(), epoch: Index::new(1) };
        Arc::new(Map::new(Index::new(version), members.iter().map(member).collect()))
    }

    fn keys() -> Vec<Key> {
        (0..300).map(|n| Key::new("site", &n.to_string())).collect()
    }

    fn count(wanted: impl Fn(&Key) -> bool) -> usize {
        keys().iter().filter(|key| wanted(key)).count()
    }

    /// guarantee L-d
    #[test]
    fn what_it_keeps_runs_on_what_it_loses_stops_and_what_it_gains_waits_for_all() {
        let joined = Standing::outside("a").adopt(map(1, &["a"]));
        assert_eq!((count(|key| joined.owns(key)), count(|key| joined.allows(key))), (300, 0));
        let alone = joined.settle();
        assert_eq!((count(|key| alone.allows(key)), alone.is_settled()), (300, true));
        let two = alone.adopt(map(2, &["a", "b"]));
        let kept = count(|key| two.allows(key));
        assert!((100..200).contains(&kept) && !two.is_settled(), "{kept}");
        let again = two.adopt(map(3, &["a"]));
        assert_eq!(count(|key| again.owns(key)), 300);
        assert_eq!(count(|key| again.allows(key)), kept, "the other one may still be at it");
        let settled = again.settle();
        assert_eq!(count(|key| settled.allows(key)), 300);
        assert_eq!(count(|key| settled.has_gained(key, &alone)), 300 - kept, "also what it had at both ends");
        assert_eq!(count(|key| settled.has_gained(key, &settled)), 0);
    }

    /// guarantee L-d
    #[test]
    fn one_that_has_seen_no_common_map_runs_nothing_through_any_number_of_changes() {
        let mut standing = Standing::outside("a");
        for version in 1..5 {
            standing = standing.adopt(map(version, &["a", "b"]));
            assert_eq!(count(|key| standing.allows(key)), 0);
        }
    }
}
