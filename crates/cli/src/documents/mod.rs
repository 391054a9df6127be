//! Files of entries: YAML, JSON and TOML in one form, and what is wrong with them.

mod folder;
mod read;
mod unique;

pub(crate) use folder::{Declared, Folder};
pub(crate) use unique::Unique;
