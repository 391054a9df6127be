//! Files of entries: YAML, JSON and TOML.
mod read;
mod unique;
pub(crate) use read::*;
