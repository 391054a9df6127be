//! Who else there is: which replicas follow the store, which of them live, and who holds which lease.
//!
//! Each replica holds a lease of presence under a name of its own, random and new with each start, whose record says what the replica is called, where it is reached
//! and what it is. So to be there is to beat, and death is told by the rule that lets a challenger take a lease over: one record, one feed, and one small write
//! each third of the TTL. The same feed tells who holds every other lease.
//!
//! - A clean stop takes the record out of the store at once. Who falls silent is known to be by all within the TTL of its lease, counted from when they heard of it
//!   last; a replica that has just come, or whose feed was cut, hears for that long before it judges.
//! - The records of the silent are taken out by those who live: at once when the name lives again, else after ten minutes, or when there are more than sixteen.
//!   Should one of them wake after all, it finds its lease gone and comes back with another.
//! - Names are for people, so two replicas may have the same. Whoever came later, and hears the other beat, says so.

mod about;
mod board;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod roster;

pub use about::Replica;
pub use board::{ReplicaState, ReplicaStatus};
pub use roster::Roster;
