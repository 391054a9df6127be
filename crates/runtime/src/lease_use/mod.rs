//! Leases in use: a controller that runs in one place at a time, or on its share of the keys.

mod barrier;
mod keeper;
mod placement;
mod tenure;

pub use placement::{Leader, Placement, Sharded};

pub(crate) use barrier::caught_up;
pub(crate) use keeper::Keeper;
pub(crate) use placement::Lease;
pub(crate) use tenure::Tenure;
