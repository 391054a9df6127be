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
mod voice;
mod watcher;

use trimtab::seams::Seams;

use crate::command::{Exit, Run, kinds};
use crate::config::{Config, load};
use crate::documents::Folder;
use crate::log;
use crate::screen::Screen;
use voice::Voice;

/// Runs until it is told to stop, or until nothing is left to do.
pub(crate) fn run(arguments: &Run) -> Exit {
    isolation::isolate();
    let screen = Screen::of_process();
    let level = log::level(arguments.verbose, arguments.quiet);
    log::begin(arguments.log_format, level, &screen, &Seams::tokio());
    let voice = Voice { screen: screen.clone(), format: arguments.log_format };
    let Some(config) = checked(arguments, &voice) else { return Exit::Failed };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            voice.error(&format!("threads cannot be started: {error}"));
            return Exit::Failed;
        }
    };
    let served = async { serve::serve(arguments, &config, &screen, &voice, &Seams::tokio()).await };
    let exit = runtime.block_on(served);
    // Whatever still blocks a thread must not keep the process from ending.
    runtime.shutdown_background();
    exit
}

/// Reads the file and tells all its problems; the settings are there when none of them is an error. Entries that are wrong do not stop the daemon, so they are told
/// when they are applied.
fn checked(arguments: &Run, voice: &Voice) -> Option<Config> {
    let (config, mut problems) = match load(&arguments.dir) {
        Ok(loaded) => loaded,
        Err(problem) => {
            voice.problem(&problem);
            return None;
        }
    };
    if problems.errors() == 0 {
        let folder = Folder::read(&config.folder, &config.entries.path);
        problems.extend(kinds(&config, &folder).of_file(&config.file));
    }
    let errors = problems.errors();
    for problem in problems.sorted() {
        voice.problem(&problem);
    }
    if errors > 0 {
        let noun = if errors == 1 { "mistake" } else { "mistakes" };
        voice.error(&format!("{errors} {noun} to mend; nothing was started"));
        return None;
    }
    Some(config)
}
