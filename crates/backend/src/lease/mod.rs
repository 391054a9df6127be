//! Leases: at most one holder of a name writes, whatever sleeps, dies or is cut off.
//!
//! A lease of the store's own (etcd's lease, Consul's session) was no choice: it takes 8 to 36 seconds to be noticed, may be tied to the life of a
//! node, answers "renewed" without a quorum, and the epoch it gives does not always grow (contract L1, L2, C8 to C11). So a lease is an
//! ordinary entry of the reserved kind `trimtab.lease`, made of two ordinary records:
//!
//! - its **epoch** is the spec half, written when the lease is acquired and when it is released, and at no other time;
//! - its **beat** is the status half, written at each renewal on the condition that the epoch still stands at its version.
//!
//! A challenger follows both. When neither has moved for the TTL on its own monotonic clock, all that time on a feed that was live, it
//! writes the epoch on the condition that neither has moved; so of two challengers one is granted. Every write of the holder carries the epoch's
//! version as a condition ([`Held::fence`]), so the store refuses what a deposed holder still sends. Wall clocks play no part.

mod error;
mod follower;
mod hedge;
mod held;
mod holder;
mod leases;
mod observer;
mod pause;
mod settings;
mod term;
mod vigil;
mod watch;

pub use error::LeaseError;
pub use held::Held;
pub use holder::Holder;
pub use leases::{Leases, StoreLease};
pub use settings::LeaseSettings;
pub use vigil::{Over, Sighting, Vigil};
pub use watch::Watch;

use crate::Key;

/// The kind of leases.
const KIND: &str = "trimtab.lease";

fn key_of(name: &str) -> Key {
    Key::new(KIND, name)
}
