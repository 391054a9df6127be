//! Who owns which key.

use trimtab_backend::{Index, Key};
use twox_hash::XxHash3_64;

/// A member of a group, by the lease of its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The lease's name.
    pub(crate) lease: String,
    /// What it is called for people.
    pub(crate) holder: String,
    /// Of the lease.
    pub(crate) epoch: Index,
}

/// The members at one version of a group's map.
#[derive(Debug)]
pub(crate) struct Map {
    pub(crate) version: Index,
    pub(crate) members: Vec<Member>,
    /// What each member is hashed by, in the same order.
    seeds: Vec<u64>,
}

impl Map {
    pub(crate) fn new(version: Index, members: Vec<Member>) -> Self {
        let seeds = members.iter().map(|member| XxHash3_64::oneshot(member.lease.as_bytes())).collect();
        Self { version, members, seeds }
    }

    /// The owner of a key; none where there is no member.
    pub(crate) fn owner(&self, key: &Key) -> Option<&Member> {
        let path = path(key);
        let weigh = |at: &usize| {
            (XxHash3_64::oneshot_with_seed(self.seeds[*at], path.as_bytes()), &self.members[*at].lease)
        };
        (0..self.members.len()).max_by_key(weigh).map(|at| &self.members[at])
    }

    /// Whether the member with this lease owns a key.
    pub(crate) fn gives(&self, key: &Key, lease: &str) -> bool {
        self.owner(key).is_some_and(|owner| owner.lease == lease)
    }

    /// This life of this member.
    pub(crate) fn holds(&self, lease: &str, epoch: Index) -> bool {
        self.members.iter().any(|member| member.lease == lease && member.epoch == epoch)
    }

    /// Which part of all keys the member owns, measured on a thousand made-up ones.
    pub(crate) fn share_of(&self, lease: &str) -> f64 {
        const PROBES: u32 = 1024;
        let owned = (0..PROBES).filter(|n| self.gives(&Key::new("probe", &n.to_string()), lease)).count();
        u32::try_from(owned).map_or(0.0, f64::from) / f64::from(PROBES)
    }
}

/// The key as text, the same in every replica; only the name may hold a slash.
fn path(key: &Key) -> String {
    format!("{}/{}/{}/{}", key.kind(), key.partition(), key.namespace(), key.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: u32 = 10_000;

    fn map(members: u32) -> Map {
        let member =
            |n: u32| Member { lease: format!("sites.{n:016x}"), holder: n.to_string(), epoch: Index::new(7) };
        Map::new(Index::new(1), (0..members).map(member).collect())
    }

    fn keys() -> impl Iterator<Item = Key> {
        (0..KEYS).map(|n| Key::new("site", &format!("entry-{n}")))
    }

    /// guarantee L-d
    #[test]
    fn a_member_that_joins_or_leaves_moves_its_share_and_nothing_else() {
        for members in 1..=8 {
            let (before, after) = (map(members), map(members + 1));
            let new = &after.members.last().expect("one more").lease;
            let mut moved = 0;
            for key in keys() {
                let (was, is) = (before.owner(&key).expect("a member"), after.owner(&key).expect("a member"));
                if was.lease != is.lease {
                    assert_eq!(is.lease, *new, "it moved to or from the new one");
                    moved += 1;
                }
            }
            let (share, ideal) = (f64::from(moved) / f64::from(KEYS), 1.0 / f64::from(members + 1));
            println!("{members} and one more: {share:.3} of the keys move; ideal {ideal:.3}");
            assert!((share - ideal).abs() < 0.2 * ideal, "{share} beside {ideal}");
            assert!((after.share_of(new) - ideal).abs() < 0.3 * ideal);
        }
    }

    #[test]
    fn owners_are_the_same_in_every_process() {
        let map = map(4);
        let owners: String =
            keys().take(16).map(|key| map.owner(&key).expect("a member").holder.clone()).collect();
        assert_eq!(
            owners, "3133331330000333",
            "another choice would be two owners while two releases run side by side"
        );
        assert!(Map::new(Index::new(1), Vec::new()).owner(&Key::new("site", "a")).is_none());
    }
}
