//! Sharding: each replica of a group acts on its share of the keys.
//!
//! A group has one map, an entry of the reserved kind `trimtab.group`. Its spec lists the members, each by the lease of its own life; its status says for each which
//! version of the map it has adopted. A key's owner is the member whose name the key hashes highest with (rendezvous hashing), so that a member who
//! comes or goes moves only its own share. There is no one who decides: every member acts on what the map says, and writes to it on condition that nobody else
//! has since.
//!
//! - **Never two.** What a member runs it owns in the last map that all members had adopted, and in every map that it has adopted since. A key it gains it
//!   begins only once all members have adopted the very same map, which each does after its runs of what it has lost have ended. All commits of a run are on
//!   condition of that map's version and of the member's lease, so the store refuses what comes late all the same (guarantee L-d).
//! - **Never none for long.** Who falls silent is taken out of the map by whichever member sees its lease run out.
//!
//! Every step looks at the map as it stands and does what is next, so it does not matter where one was cut off.

mod group;
mod listed;
mod map;
mod member;
mod record;
mod share;
mod standing;
mod status;

pub use status::{ShardMember, ShardStatus};

pub(crate) use group::Group;
pub(crate) use listed::{Gained, Listed};
pub(crate) use map::{Map, Member};
pub(crate) use member::{join_and_share, leave};
pub(crate) use share::{Begun, Pass, Share};
pub(crate) use standing::Standing;
