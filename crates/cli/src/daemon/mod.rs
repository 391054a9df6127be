//! `trimtab run`: a store, a folder of entries, and controllers, kept going.
//!
//! The parts know little of each other. [`open`] opens the store, [`replica`] says which of several this one is, [`entries`] brings the folder into it, [`controllers`] makes controllers of the file's tables;
//! [`settle`] judges whether anything is left to do, [`summary`] shows how it stands, [`signals`] says when to stop. [`serve`] runs them side by side, in one
//! task, so that nothing outlives it.

pub(crate) mod api;
mod apply;
mod carriers;
mod connect;
mod controllers;
mod entries;
mod environment;
mod files_limit;
mod in_settings;
mod isolation;
mod open;
mod replica;
mod serve;
mod settle;
mod signals;
mod summary;
#[cfg(test)]
mod tests;
mod voice;
mod watcher;

use trimtab::seams::Seams;

use crate::command::{Exit, Run, kinds};
use crate::config::{Config, Loaded, exposure, load};
use crate::documents::{Folder, Schemas};
use crate::log;
use crate::screen::Screen;
use crate::traces::Traces;
use voice::Voice;

/// Runs until it is told to stop, or until nothing is left to do.
pub(crate) fn run(arguments: &Run) -> Exit {
    isolation::isolate();
    files_limit::raise();
    let screen = Screen::of_process();
    let level = log::level(arguments.verbose, arguments.quiet);
    let traces = Traces::of_environment();
    let spans = traces.as_ref().ok().and_then(Option::as_ref).map(Traces::spans);
    log::begin(arguments.log_format, level, &screen, &Seams::tokio(), spans);
    let voice = Voice { screen: screen.clone(), format: arguments.log_format };
    // Dropped last: spans are sent until the end.
    let _traces = match traces {
        Ok(traces) => traces,
        Err(wrong) => {
            voice.error(&wrong);
            return Exit::Failed;
        }
    };
    let Some(checked) = checked(arguments, &voice) else { return Exit::Failed };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            voice.error(&format!("threads cannot be started: {error}"));
            return Exit::Failed;
        }
    };
    let served = async { serve::serve(arguments, &checked, &screen, &voice, &Seams::tokio()).await };
    let exit = runtime.block_on(served);
    // Whatever still blocks a thread must not keep the process from ending.
    runtime.shutdown_background();
    exit
}

/// What was found to be without errors.
struct Checked {
    config: Config,
    schemas: Schemas,
}

/// Reads the file and tells all its problems; the settings are there when none of them is an error. Entries that are wrong do not stop the daemon, so they are told
/// when they are applied.
fn checked(arguments: &Run, voice: &Voice) -> Option<Checked> {
    let (above, mut problems) = arguments.settings.above();
    let Loaded { config, problems: found, .. } = match load(&arguments.dir, &above) {
        Ok(loaded) => loaded,
        Err(problem) => {
            voice.problem(&problem);
            return None;
        }
    };
    problems.extend(found);
    if let Some(problem) = exposure(&config, arguments.insecure) {
        problems.push(problem);
    }
    let (schemas, unusable) = Schemas::load(&config);
    problems.extend(unusable);
    if problems.errors() == 0 {
        let folder = Folder::read(&config.folder, &config.entries.path, &schemas);
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
    Some(Checked { config, schemas })
}
