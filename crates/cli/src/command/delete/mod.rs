//! `trimtab delete`: entries go, or are marked to go when their finalizers do.

mod chosen;
mod consent;
mod held;
mod wait;

use std::time::Duration;

use clap::{Args, ValueEnum};
use trimtab_http::wire::{EntryKey, Outcome, ProblemKind, Written};
use trimtab_polyglot::parse_duration;

use super::Exit;
use super::selector::selector;
use super::told::{Form, Told};
use crate::client::{Client, Deletion, Everywhere, Failure, Reach};
use crate::documents::Source;

const EXAMPLE: &str = "\
Example:
  trimtab delete site blog --wait
  trimtab delete sites -l tier=old --dry-run";

/// `trimtab delete`.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[command(after_help = EXAMPLE)]
pub(crate) struct Delete {
    /// `site blog docs`, `site/blog`; a kind alone with -l or --all.
    #[arg(value_name = "KIND [NAME]")]
    what: Vec<String>,
    /// Those of the kind whose labels match: `tier=web,!old`.
    #[arg(short = 'l', long, value_name = "LABELS", value_parser = selector, conflicts_with_all = ["all", "sources"])]
    selector: Option<String>,
    /// Every one of the kind.
    #[arg(long, conflicts_with = "sources")]
    all: bool,
    /// Those that a file, a folder or `-` names; repeatable.
    #[arg(short = 'f', long = "file", value_name = "FILE", value_parser = Source::parse, conflicts_with = "what")]
    sources: Vec<Source>,
    /// What becomes of what they own: gone after them (the default), before them, or left.
    #[arg(long, value_enum)]
    cascade: Option<Cascade>,
    /// Take a finalizer off without waiting for whom it belongs to; repeatable.
    #[arg(long, value_name = "NAME")]
    drop_finalizer: Vec<String>,
    /// Tell what would come of it; delete nothing.
    #[arg(long)]
    dry_run: bool,
    /// Until they are gone.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
    /// How long --wait may take.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration, requires = "wait")]
    timeout: Duration,
    /// Do not ask, however many go.
    #[arg(short, long)]
    yes: bool,
    /// What is not there is no error.
    #[arg(long)]
    ignore_not_found: bool,
    /// For programs.
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<Form>,
    #[command(flatten)]
    everywhere: Everywhere,
    #[command(flatten)]
    reach: Reach,
}

/// What becomes of what an entry owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Cascade {
    Background,
    Foreground,
    Orphan,
}

impl Cascade {
    const fn word(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Foreground => "foreground",
            Self::Orphan => "orphan",
        }
    }
}

/// The entries that are to go.
struct Chosen {
    keys: Vec<EntryKey>,
    /// They were found and not named: one that is gone meanwhile is what was wanted.
    were_found: bool,
}

impl Delete {
    /// Deletes what was named, or found.
    pub(crate) fn execute(&self) -> Result<Exit, Failure> {
        let told = Told { form: self.output, is_quiet: self.reach.is_quiet() };
        let (client, chosen) = self.choose()?;
        if chosen.keys.is_empty() {
            told.aside("nothing to delete");
            return Ok(Exit::Done);
        }
        if !self.yes && !self.dry_run {
            consent::ask(&chosen.keys)?;
        }
        let (exit, going) = self.each(&client, &chosen, told);
        if self.wait && !going.is_empty() {
            return Ok(exit.worst(wait::until_gone(&client, going, self.timeout, told)?));
        }
        Ok(exit)
    }

    /// Deletes each; what fails does not stop the others. Those that are marked and still there.
    fn each(&self, client: &Client, chosen: &Chosen, told: Told) -> (Exit, Vec<Written>) {
        let deletion = Deletion {
            propagation: self.cascade.map(Cascade::word),
            drop_finalizers: self.drop_finalizer.clone(),
            dry_run: self.dry_run,
        };
        let (mut exit, mut going) = (Exit::Done, Vec::new());
        for (nth, key) in chosen.keys.iter().enumerate() {
            match client.delete_entry(key, &deletion) {
                Ok(answer) => {
                    let written = answer.body;
                    let is_held = written.outcome == Outcome::Deleting;
                    let held = is_held && told.is_for_people();
                    told.written(
                        &written,
                        &if held { held::held_by(client, &written) } else { String::new() },
                    );
                    going.extend(Some(written).filter(|_| is_held));
                }
                Err(failure) if self.may_be_gone(chosen, &failure) => {}
                Err(failure) => {
                    let (is_of_all, left) = (failure.is_of_all(), chosen.keys.len() - nth - 1);
                    exit = exit.worst(failure.tell());
                    if is_of_all {
                        if left > 0 {
                            eprintln!("{left} more not tried");
                        }
                        break;
                    }
                }
            }
        }
        (exit, going)
    }

    fn may_be_gone(&self, chosen: &Chosen, failure: &Failure) -> bool {
        (self.ignore_not_found || chosen.were_found) && failure.kind() == Some(ProblemKind::NotFound)
    }
}
