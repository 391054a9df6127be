//! `trimtab diff`: what applying files would change.

use std::collections::BTreeSet;
use std::io::{Write as _, stdout};

use clap::Args;
use trimtab::store::Document;
use trimtab_http::wire::{EntryKey, ProblemKind};

use super::Exit;
use super::apply::{is_owned_by, lacks_owner};
use super::files::Files;
use super::told::shown;
use super::unified::unified;
use crate::client::{Client, Failure, Reach, Tenancies, key_of};
use crate::documents::Given;
use crate::show::Style;

const EXAMPLE: &str = "\
Example:
  trimtab diff -f entries

Exit codes: 0 no difference, 1 differences, 2 an error, 4 conflict, 5 not reachable";

/// `trimtab diff`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Diff {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    tenancies: Tenancies,
    #[command(flatten)]
    reach: Reach,
}

impl Diff {
    /// Prints what would change. 1 says that something would; so no error ends with it.
    pub(crate) fn execute(&self) -> Exit {
        self.diff().unwrap_or_else(|failure| trouble(failure.tell()))
    }

    fn diff(&self) -> Result<Exit, Failure> {
        let given = self.files.read(&self.tenancies)?;
        let client = self.reach.client()?;
        let (mut exit, mut differs, mut made) = (Exit::Done, false, BTreeSet::new());
        for one in owners_first(given) {
            match difference(&client, &one, &made) {
                Ok(difference) => {
                    differs |= !difference.text.is_empty();
                    if difference.is_new {
                        made.insert(key_of(&one.document));
                    }
                    stdout().write_all(difference.text.as_bytes())?;
                }
                Err(failure) => {
                    let is_of_all = failure.is_of_all();
                    exit = exit.worst(trouble(failure.about(&one).tell()));
                    if is_of_all {
                        break;
                    }
                }
            }
        }
        Ok(if exit == Exit::Done && differs { Exit::Failed } else { exit })
    }
}

const fn trouble(exit: Exit) -> Exit {
    match exit {
        Exit::Failed | Exit::NotFound => Exit::Usage,
        other => other,
    }
}

/// What stands after its owner, so that it is known of an owner that it would be made.
fn owners_first(given: Vec<Given>) -> Vec<Given> {
    let mut ordered = Vec::with_capacity(given.len());
    let mut waiting = given;
    while !waiting.is_empty() {
        let keys: BTreeSet<EntryKey> = waiting.iter().map(|one| key_of(&one.document)).collect();
        let (later, now): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|one| is_owned_by(one, &keys));
        if now.is_empty() {
            // They own each other, which the daemon refuses.
            ordered.extend(later);
            break;
        }
        ordered.extend(now);
        waiting = later;
    }
    ordered
}

struct Difference {
    text: String,
    is_new: bool,
}

fn difference(client: &Client, given: &Given, made: &BTreeSet<EntryKey>) -> Result<Difference, Failure> {
    let key = key_of(&given.document);
    let before = match client.entry(&key) {
        Ok(answer) => Some(answer.body),
        Err(failure) if failure.kind() == Some(ProblemKind::NotFound) => None,
        Err(failure) => return Err(failure),
    };
    let after = match client.put_entry(&given.document, None, true) {
        Ok(answer) => answer.body.entry,
        // The owner would be made before; nothing more can be told than what the file says.
        Err(failure) if lacks_owner(&failure) && is_owned_by(given, made) => Some(given.document.clone()),
        Err(failure) => return Err(failure),
    };
    let name = shown(&key);
    let at = |entry: &Document| entry.meta.as_ref().map(|meta| meta.modified.get()).unwrap_or_default();
    let was = before.as_ref().map(|before| format!("{name} (index {})", at(before))).unwrap_or_default();
    let sides = ((was.as_str(), before.as_ref()), (&*format!("{name} ({given})"), after.as_ref()));
    let text = unified(sides.0, sides.1, Style::of_process())?;
    Ok(Difference { text, is_new: before.is_none() })
}
