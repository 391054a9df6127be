//! The `trimtab` binary: one file, a script in any language, and entries that stay true.
//!
//! The only crate that reads arguments, the environment and files. Its rooms: [`config`] and [`documents`] read what a person wrote, [`exec`]
//! runs scripts, [`daemon`] keeps all of it going, [`command`] is the command line.

mod command;
mod config;
mod daemon;
mod documents;
mod exec;
mod log;
mod screen;

use std::process::ExitCode;

use clap::Parser;

use command::{Command, CommandLine, Exit};

fn main() -> ExitCode {
    let exit = match CommandLine::parse().command {
        Command::Check { dir } => command::check(&dir),
        Command::Run(arguments) => daemon::run(&arguments),
        Command::Version => {
            println!("trimtab {}", env!("CARGO_PKG_VERSION"));
            Exit::Done
        }
    };
    exit.into()
}
