//! `trimtab status`: whether everything works, and what does not.

use std::io::{BufWriter, Write, stdout};
use std::time::SystemTime;

use clap::Args;
use serde::Serialize;
use trimtab_http::wire::{Cluster, Controller};

use super::Exit;
use crate::client::{Failure, Reach};
use crate::show::{Cell, Colour, Few, Style, Table, ago, key_text, place_text, pretty, value_yaml, visible};

const EXAMPLE: &str = "\
Examples:
  trimtab status
  trimtab status -o json | jq .controllers

Exit codes: 0 the daemon is ready, 1 it is not, and why is told, 5 it cannot be reached
Keys that fail are told in the first line, and do not make it 1: `trimtab queue --state failing` says why each does";

/// `trimtab status`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Status {
    /// How it is printed.
    #[arg(short, long, value_enum, default_value_t = Few::Table, value_name = "FORM")]
    output: Few,
    #[command(flatten)]
    reach: Reach,
}

/// What is known, in one document.
#[derive(Serialize)]
struct Standing {
    ready: bool,
    cluster: Cluster,
    controllers: Vec<Controller>,
}

impl Status {
    /// Prints it. Not ready is a failure, so that a script can ask.
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        let client = self.reach.client()?;
        let cluster: Cluster = client.get(&["v1", "cluster"]).send()?.body;
        let controllers = client.controllers()?;
        let ready = cluster.replicas.iter().all(|replica| replica.readiness.ready);
        let standing = Standing { ready, cluster, controllers };
        let mut out = BufWriter::new(stdout().lock());
        let unshown = |error: String| Failure::failed(format!("the status cannot be shown: {error}"));
        match self.output {
            Few::Table => standing.print(Style::of_process().aligned(), client.seams().wall(), &mut out)?,
            Few::Json => {
                let json = serde_json::to_string(&standing).map_err(|error| unshown(error.to_string()))?;
                writeln!(out, "{}", pretty(&json))?;
            }
            Few::Yaml => write!(out, "{}", value_yaml(&standing).map_err(unshown)?)?,
        }
        out.flush()?;
        Ok(if ready { Exit::Done } else { Exit::Failed })
    }
}

impl Standing {
    fn print(&self, style: Style, now: SystemTime, out: &mut impl Write) -> std::io::Result<()> {
        let failing: usize = self.controllers.iter().map(|controller| controller.queue.failing).sum();
        for replica in &self.cluster.replicas {
            let (word, colour) =
                if replica.readiness.ready { ("ready", Colour::Good) } else { ("not ready", Colour::Bad) };
            let about = format!(
                "trimtab {} at {}, up {}, replica {}",
                replica.version,
                replica.api,
                ago(&replica.started, now),
                replica.id
            );
            let failing = match failing {
                0 => String::new(),
                1 => style.paint(", 1 key failing", Some(Colour::Bad)),
                more => style.paint(&format!(", {more} keys failing"), Some(Colour::Bad)),
            };
            writeln!(out, "{}  {}{failing}", style.paint(word, Some(colour)), visible(&about))?;
            for reason in &replica.readiness.reasons {
                writeln!(out, "  {}", visible(reason))?;
            }
        }
        self.store(style, out)?;
        self.held(out)?;
        if self.controllers.is_empty() {
            return writeln!(out, "no controllers");
        }
        writeln!(out)?;
        self.table(style).print(out, "")?;
        self.sources(out)
    }

    fn store(&self, style: Style, out: &mut impl Write) -> std::io::Result<()> {
        let store = &self.cluster.store;
        let entries = if store.entries == 1 { "entry" } else { "entries" };
        let about = format!(
            "{}, {}, {} {entries}, at {}",
            store.description, store.following, store.entries, store.position
        );
        writeln!(out, "store  {}", visible(&about))?;
        if let Some(error) = &store.error {
            writeln!(out, "  {}", visible(error))?;
        }
        if store.undecodable > 0 {
            let what = format!(
                "{} cannot be read; `trimtab get KIND` names them",
                if store.undecodable == 1 {
                    "1 entry".into()
                } else {
                    format!("{} entries", store.undecodable)
                }
            );
            writeln!(out, "  {}", style.paint(&what, Some(Colour::Bad)))?;
        }
        Ok(())
    }

    /// Deletions that wait for somebody who is not known here.
    fn held(&self, out: &mut impl Write) -> std::io::Result<()> {
        for held in &self.cluster.held {
            let (key, place) = (key_text(&held.key), place_text(&held.key));
            let place = if place == "default" { String::new() } else { format!(" ({place})") };
            let what = format!(
                "  {key}{place} is being deleted and held by {}, which no controller here takes off; if nobody else will: `trimtab delete {key} --drop-finalizer {}`",
                held.finalizers.join(", "),
                held.finalizers[0]
            );
            writeln!(out, "{}", visible(&what))?;
        }
        Ok(())
    }

    fn table(&self, style: Style) -> Table {
        let columns = [
            "CONTROLLER",
            "KIND",
            "STATE",
            "READY",
            "RUNNING",
            "DEFERRED",
            "FAILING",
            "RUNS",
            "FAILED",
            "REASON",
        ];
        let mut table = Table::new(&columns, style);
        for controller in &self.controllers {
            let state = match (controller.ready, controller.standby) {
                (_, true) => Cell::coloured("standby", Colour::Pending),
                (true, _) => Cell::coloured("ready", Colour::Good),
                (false, _) => Cell::coloured("not ready", Colour::Bad),
            };
            let queue = controller.queue;
            let failing = (queue.failing > 0).then_some(Colour::Bad);
            table.row(vec![
                controller.name.as_str().into(),
                controller.kind.as_deref().unwrap_or("-").into(),
                state,
                queue.ready.to_string().into(),
                queue.running.to_string().into(),
                queue.deferred.to_string().into(),
                Cell::coloured(queue.failing.to_string(), failing),
                controller.runs.total.to_string().into(),
                controller.runs.failed.to_string().into(),
                controller.reasons.join("; ").into(),
            ]);
        }
        table
    }

    /// Sources that do not work, and entries that they could not map.
    fn sources(&self, out: &mut impl Write) -> std::io::Result<()> {
        for controller in &self.controllers {
            for source in &controller.sources {
                if let Some(error) = &source.error {
                    let what =
                        format!("{}: source {} is {}: {error}", controller.name, source.name, source.state);
                    writeln!(out, "{}", visible(&what))?;
                }
                for stuck in &source.unmapped {
                    let key = key_text(&stuck.key);
                    let what = format!(
                        "{}: source {} cannot map {key}: {}",
                        controller.name, source.name, stuck.error
                    );
                    writeln!(out, "{}", visible(&what))?;
                }
            }
        }
        Ok(())
    }
}
