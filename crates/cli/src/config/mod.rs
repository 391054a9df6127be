//! `trimtab.toml`: what it may say, and everything that is wrong with one, at once.
//!
//! A configuration that stops at the first mistake is mended by trial and error. Here the file is read into a tree that knows where each
//! value stands, and each setting takes what is its own; what nobody took is unknown. Deriving the reading with serde was no choice: it stops at the first
//! error and forgets where values stood.
//!
//! [`settings`] says what there is; [`load`] reads it from flags, environment, file and defaults; [`Config`] is what comes of it.

mod credentials;
mod exposure;
mod fields;
mod load;
mod model;
mod parse;
mod place;
mod problem;
mod remote;
mod rules;
pub(crate) mod settings;
mod size;
mod suggest;
#[cfg(test)]
mod tests;

pub(crate) use credentials::Credentials;
pub(crate) use exposure::exposure;
pub(crate) use load::{FILE_NAME, Loaded, load, parsed};
pub(crate) use model::{
    Carrier, Certificate, Command, Config, Controller, Follow, Http, Placement, SchemaFile, StoreUrl, Watch,
};
#[cfg(test)]
pub(crate) use parse::cluster::name as replica_name;
pub(crate) use parse::is_pointer;
pub(crate) use place::{Above, Effective, Place};
pub(crate) use problem::{Level, Problem, Problems};
pub(crate) use remote::{ConsulStore, EtcdStore};
pub(crate) use suggest::{misspelt, nearest};
