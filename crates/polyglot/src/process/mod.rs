//! Processes: started, bounded and ended with all that they forked.
//!
//! What a process is asked and what it answers is no matter here.

mod environment;
mod group;
mod groups;
mod run;
mod start;
mod stay;
mod stderr;
#[cfg(test)]
mod tests;

pub(crate) use environment::About;
pub(crate) use group::Group;
pub use groups::Groups;
pub(crate) use run::{Ended, How, Runner};
pub(crate) use start::{RunFailed, Started, start};
pub(crate) use stay::Stay;
