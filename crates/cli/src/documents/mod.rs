//! Files of entries: YAML, JSON and TOML in one form, and what is wrong with them.

mod checked;
mod doubles;
mod files;
mod folder;
mod given;
mod read;
mod schemas;
mod shape;

pub(crate) use folder::{Declared, Folder};
pub(crate) use given::{Given, Purpose, Source, entry_of, given};
use read::Located;
pub(crate) use read::{entries, parse, toml_value};
pub(crate) use schemas::Schemas;
