//! `trimtab run`: a store, a folder of entries, and controllers, kept going.
//!
//! The parts know little of each other. [`open`] opens the store, [`entries`] brings the folder into it, [`controllers`] makes controllers of the file's tables;
//! [`settle`] judges whether anything is left to do, [`summary`] shows how it stands, [`signals`] says when to stop. [`serve`] runs them side by side, in one
//! task, so that nothing outlives it.

mod apply;
mod controllers;
mod entries;
mod isolation;
mod open;
mod serve;
mod settle;
mod signals;
mod summary;
mod watcher;

use crate::command::{Exit, Run, kinds};
use crate::config::{Config, Problems, load};
use crate::documents::Folder;
use crate::log;
use crate::screen::Screen;

/// Runs until it is told to stop, or until nothing is left to do.
pub(crate) fn run(arguments: &Run) -> Exit {
    isolation::isolate();
    let config = match load(&arguments.dir) {
        Ok((config, problems)) => match checked(config, problems) {
            Some(config) => config,
            None => return Exit::Failed,
        },
        Err(problem) => {
            eprintln!("{problem}");
            return Exit::Failed;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start threads: {error}");
            return Exit::Failed;
        }
    };
    let screen = Screen::of_process();
    let exit = runtime.block_on(async {
        let seams = trimtab::seams::Seams::tokio();
        let level = log::level(arguments.verbose, arguments.quiet);
        log::begin(arguments.log_format, level, &screen, &seams);
        serve::serve(arguments, config, &screen, &seams).await
    });
    // Whatever still blocks a thread must not keep the process from ending.
    runtime.shutdown_background();
    exit
}

/// Tells all problems of the file; the settings are there when none of them is an error. Entries that are wrong do not stop the daemon, so they are told
/// when they are applied.
fn checked(config: Config, mut problems: Problems) -> Option<Config> {
    if problems.errors() == 0 {
        let folder = Folder::read(&config.folder, &config.entries.path);
        problems.extend(kinds(&config, &folder).of_file(&config.file));
    }
    let errors = problems.errors();
    for problem in problems.sorted() {
        eprintln!("{problem}");
    }
    if errors > 0 {
        let noun = if errors == 1 { "mistake" } else { "mistakes" };
        eprintln!("{errors} {noun} to mend; nothing was started");
        return None;
    }
    Some(config)
}
