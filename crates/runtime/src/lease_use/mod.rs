//! Leases in use: a controller that runs in one place at a time.

mod barrier;
mod keeper;
mod placement;
mod tenure;

pub use placement::{Leader, Placement};

pub(crate) use barrier::caught_up;
pub(crate) use keeper::Keeper;
pub(crate) use tenure::Tenure;
