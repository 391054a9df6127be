//! Reconcilers in any language: a process for each run, worker processes that live on, or a webhook; one protocol for all three.
//!
//! A [`Polyglot`] is a reconciler like any other: it is given a key, asks a program about the entry, and commits what the program answers, guarded by the version that the program was shown. What
//! goes between them stands in [`protocol`], and as JSON Schemas in [`schema`].
//!
//! **Knows nothing of** the file `trimtab.toml`, the command line, the HTTP API.

mod call;
mod error;
mod exec;
mod mapped;
mod not_yet;
mod persistent;
mod process;
pub mod protocol;
mod reconciler;
pub mod schema;
mod settings;
#[cfg(test)]
mod tests;
mod trace;
mod watched;
mod webhook;
mod writes;

pub use error::Error;
pub use not_yet::NotYet;
pub use process::Groups;
pub use protocol::{Unique, parse_duration};
pub use reconciler::Polyglot;
pub use settings::{Carrier, Follow, Program, Settings, Watch, Webhook};
