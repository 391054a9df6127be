//! `trimtab enqueue`: a controller looks at keys now.

use std::io::{Write, stdout};

use clap::{ArgGroup, Args};
use trimtab_http::wire::{Elsewhere, Enqueue as Asked, Enqueued};

use super::Exit;
use super::selector::selector;
use crate::client::{Client, Everywhere, Failure, Reach};
use crate::show::cluster::{how_to_ask, peer};
use crate::show::visible;

const EXAMPLE: &str = "\
Examples:
  trimtab enqueue sites blog docs      by name; they need not be there
  trimtab enqueue sites -l tier=web    by label
  trimtab enqueue sites --all -A       everything, in every namespace

A key that waits after a failure, or gave up, runs too. Of several replicas the one that runs a key must be asked: by name any other
queues nothing and says which; by label each queues its own.
Exit codes: 0 done, 3 there is no such controller, 5 the daemon cannot be reached";

/// Names in one call of the API.
const NAMES: usize = 10_000;

/// `trimtab enqueue`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE, group = ArgGroup::new("which").required(true).args(["names", "selector", "all"]))]
pub(crate) struct Enqueue {
    /// The controller.
    controller: String,
    /// Names of entries of its kind.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Entries whose labels match.
    #[arg(short = 'l', long, value_name = "LABELS", value_parser = selector)]
    selector: Option<String>,
    /// Every entry.
    #[arg(long)]
    all: bool,
    /// Another kind than the controller's own.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    #[command(flatten)]
    within: Everywhere,
    #[command(flatten)]
    reach: Reach,
}

impl Enqueue {
    /// Puts them in line.
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        if !self.names.is_empty() {
            self.within.one()?;
        }
        let client = self.reach.client()?;
        let controller = client.controller(&self.controller)?;
        let kind = match &self.kind {
            Some(kind) => Some(client.kind(kind)?),
            None => controller.kind,
        };
        // `site/blog` is what people know it by.
        let prefix = kind.as_ref().map(|kind| format!("{kind}/"));
        let bare = |name: &String| {
            let bare = prefix.as_ref().and_then(|prefix| name.strip_prefix(prefix.as_str()));
            bare.filter(|bare| !bare.is_empty()).unwrap_or(name).to_owned()
        };
        let asked = Asked {
            kind,
            names: Vec::new(),
            selector: if self.all { Some(String::new()) } else { self.selector.clone() },
            namespace: self.within.namespace().map(str::to_owned),
            partition: self.within.partition().map(str::to_owned),
        };
        let mut answer = Enqueued::default();
        if self.names.is_empty() {
            answer = self.ask(&client, &asked)?;
        }
        for names in self.names.chunks(NAMES) {
            let names = names.iter().map(bare).collect();
            answer.enqueued += self.ask(&client, &Asked { names, ..asked.clone() })?.enqueued;
        }
        writeln!(stdout().lock(), "{}: {} in line", controller.name, keys(answer.enqueued))?;
        if !self.reach.is_quiet() {
            for Elsewhere { run_by, keys: others } in &answer.elsewhere {
                let what = format!("{} not, run by {}; {}", keys(*others), peer(run_by), how_to_ask(run_by));
                eprintln!("{}", visible(&what));
            }
        }
        Ok(Exit::Done)
    }

    fn ask(&self, client: &Client, asked: &Asked) -> Result<Enqueued, Failure> {
        let request = client.post(&["v1", "controllers", &self.controller, "enqueue"]).json(asked);
        Ok(request.send()?.body)
    }
}

fn keys(count: usize) -> String {
    if count == 1 { "1 key".into() } else { format!("{count} keys") }
}
