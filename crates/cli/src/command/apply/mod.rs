//! `trimtab apply`: entries become what files say.

mod atomic;
mod doubts;
mod singly;

pub(crate) use singly::{is_owned_by, lacks_owner};

use clap::Args;
use trimtab::store::Document;
use trimtab_http::wire::Written;

use super::Exit;
use super::files::Files;
use super::told::{Form, Told, shown};
use crate::client::{Failure, Reach, Tenancies};

const EXAMPLE: &str = "\
Example:
  trimtab apply -f blog.yaml
  trimtab apply -f entries --dry-run     what would come of it; `trimtab diff` shows more

Spec and labels become exactly these; owners are added; finalizers and status stay.";

/// `trimtab apply`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Apply {
    #[command(flatten)]
    files: Files,
    /// All in one transaction or none; at most 60 entries.
    #[arg(long)]
    atomic: bool,
    /// Tell what would come of it; write nothing.
    #[arg(long)]
    dry_run: bool,
    /// For programs.
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<Form>,
    #[command(flatten)]
    tenancies: Tenancies,
    #[command(flatten)]
    reach: Reach,
}

impl Apply {
    /// Reads everything, then writes it.
    pub(crate) fn execute(&self) -> Result<Exit, Failure> {
        let given = self.files.read(&self.tenancies)?;
        let client = self.reach.client()?;
        let told = Told { form: self.output, is_quiet: self.reach.is_quiet() };
        if self.atomic {
            return atomic::apply(&client, given, self.dry_run, told);
        }
        Ok(singly::apply(&client, given, self.dry_run, told))
    }
}

/// Tells a write. What is applied to an entry that is being deleted goes with it, and nobody would expect that of `changed`.
fn tell(told: Told, written: &Written) {
    told.written(written, "");
    let Some(entry) = written.entry.as_ref().filter(|entry| is_deleting(entry)) else { return };
    let held = entry.finalizers.join(", ");
    told.aside(&format!(
        "warning: {} is being deleted and goes when its finalizers do ({held}); apply again after that",
        shown(&written.key)
    ));
}

fn is_deleting(entry: &Document) -> bool {
    entry.meta.as_ref().is_some_and(|meta| meta.deleting_since.is_some())
}
