//! The `trimtab` binary as a library: one file, a script in any language, and entries that stay true.
//!
//! The only crate that reads arguments, the environment and files. Its rooms: `config` and `documents` read what a person wrote, `daemon` keeps all of
//! it going, `client` asks a daemon that runs, `show` prints what it answers, `command` is the command line.
//!
//! It is a library for two readers alone: the binary, which calls [`main`], and fuzz targets. Programs of one's own build on the facade `trimtab`.

// A reader who goes away is no reason to panic: `command::print` and writers tell it.
#![deny(clippy::print_stdout)]

mod client;
mod command;
mod config;
mod daemon;
mod documents;
pub mod fuzz_targets;
mod log;
mod screen;
mod show;
mod traces;

use std::process::ExitCode;

use clap::Parser;

/// The process: reads the arguments, does what they say, tells what went wrong on standard error.
///
/// Its exit codes are those of the command line: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 conflict, 5 not reachable, 124 timed out.
pub fn main() -> ExitCode {
    command::CommandLine::parse().execute().into()
}
