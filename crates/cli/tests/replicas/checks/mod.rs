//! What must be so of everything that was recorded: plain functions, each with tests in which it finds what is wrong.

mod declared;
mod fence;
#[cfg(test)]
mod made_up;
mod overlap;
mod shares;
mod vacancy;
mod waits;

use crate::time::Moment;

pub(crate) use declared::{Name, State, lost, unlike, unreached};
pub(crate) use fence::stale;
pub(crate) use overlap::{under_one_epoch, without_excuse};
pub(crate) use shares::{foreign, two_of_one_epoch};
pub(crate) use vacancy::{Vacancy, vacancy};
pub(crate) use waits::{silence, waits};

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) what: String,
    pub(crate) at: Moment,
    /// The kind, and the name when it is about one entry.
    pub(crate) kind: String,
    pub(crate) name: Option<String>,
}
