//! The binary as people run it: a folder, a process, what it prints, what it leaves behind.
//!
//! Real processes and real files, so waits are real too; each is bounded, and its panic tells what the daemon said until then.

mod api;
mod bad_input;
mod check;
mod config;
mod files;
mod hostile;
mod init;
mod isolation;
mod kinds;
mod logs;
mod map;
mod restart;
mod settings;
mod settled;
mod signals;
mod sites;
mod slow;
#[path = "../stage/mod.rs"]
mod stage;
mod token;
