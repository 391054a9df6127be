//! What can be read of a group at any time, as this replica sees it.

use trimtab_backend::Index;

use super::{Map, Share};

/// A group as one of its members sees it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ShardStatus {
    /// The group.
    pub group: String,
    /// This member: the name of its lease.
    pub member: String,
    /// The version of the map that this member goes by; none before it has joined.
    pub version: Option<Index>,
    /// Whether all members have adopted it, so that every key has an owner that runs it.
    pub settled: bool,
    /// Which part of all keys this member owns by it, from 0 to 1, measured on 1,024 made-up keys.
    pub share: f64,
    /// The members by the map that was seen last.
    pub members: Vec<ShardMember>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ShardMember {
    /// The name of its lease.
    pub name: String,
    /// What it calls itself: see [`Placement::with_holder`](crate::Placement::with_holder).
    pub holder: String,
    /// The epoch of its lease.
    pub epoch: Index,
    /// The version of the map that it has adopted last.
    pub adopted: Option<Index>,
    /// Which part of all keys it owns, from 0 to 1.
    pub share: f64,
}

impl Share {
    pub(crate) fn status(&self) -> ShardStatus {
        let (standing, seen) = (self.standing(), self.seen());
        let share_of = |map: &Map| map.share_of(&self.lease);
        let members = seen.iter().flat_map(|seen| {
            seen.map.members.iter().map(|member| ShardMember {
                name: member.lease.clone(),
                holder: member.holder.clone(),
                epoch: member.epoch,
                adopted: seen.adopted.get(&member.lease).copied(),
                share: seen.map.share_of(&member.lease),
            })
        });
        ShardStatus {
            group: self.group.name.clone(),
            member: self.lease.clone(),
            version: standing.version(),
            settled: standing.is_settled(),
            share: standing.map().map_or(0.0, |map| share_of(map)),
            members: members.collect(),
        }
    }
}
