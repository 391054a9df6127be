//! What tasks are made of here: a signal, a race, a group that is waited for, and panics caught. None of it needs tokio, so all of it runs in
//! virtual time.

mod caught;
mod group;
mod pause;
mod race;
mod signal;
mod watched;

pub(crate) use caught::{Panicked, call, future as caught};
pub(crate) use group::Group;
pub(crate) use pause::pause;
pub(crate) use race::{First, either, race, unless};
pub(crate) use signal::{RaiseOnDrop, Signal};
pub(crate) use watched::Watched;
