//! The `trimtab` binary as a library: one file, a script in any language, and entries that stay true.
//!
//! The only crate that reads arguments, the environment and files. Its rooms: `config` and `documents` read what a person wrote, `daemon` keeps all of
//! it going, `command` is the command line.
//!
//! It is a library for two readers alone: the binary, which calls [`main`], and fuzz targets. Programs of one's own build on the facade `trimtab`.

#[expect(dead_code, unused_imports, reason = "the commands that stand on it come next")]
mod client;
mod command;
mod config;
mod daemon;
mod documents;
pub mod fuzz_targets;
mod log;
mod screen;
#[expect(dead_code, unused_imports, reason = "the commands that print by it come next")]
mod show;

use std::process::ExitCode;

use clap::Parser;

/// The process: reads the arguments, does what they say, tells what went wrong on standard error.
///
/// Its exit code is 0 when it was done, 1 when it failed, 2 when the usage was wrong, 124 when something was not settled in time.
pub fn main() -> ExitCode {
    command::CommandLine::parse().execute().into()
}
