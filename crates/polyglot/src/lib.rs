//! Reconcilers in any language: a process for each run, worker processes that live on, or a webhook; one protocol for all three.
//!
//! **Knows nothing of** the file `trimtab.toml`, the command line, the HTTP API.

mod settings;

pub use settings::{Carrier, Follow, Program, Settings, Watch, Webhook};
