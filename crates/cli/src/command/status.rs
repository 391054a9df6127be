//! `trimtab status`: whether everything works, and what does not; where there are several replicas, who runs what.

use std::io::{BufWriter, Write, stdout};
use std::time::SystemTime;

use clap::Args;
use serde::Serialize;
use trimtab_http::wire::{Cluster, Controller};

use super::Exit;
use crate::client::{Failure, Reach};
use crate::show::{
    Cell, Colour, Few, Style, Table, ago, cluster, key_text, place_text, pretty, value_yaml, visible,
};

const EXAMPLE: &str = "\
Examples:
  trimtab status
  trimtab status -o json | jq .controllers

Exit codes: 0 the daemon is ready, 1 it is not, and why is told, 5 it cannot be reached
Of several replicas the one that is asked answers; those that have fallen silent are told in the first line
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
        let ready = cluster::answering(&cluster)
            .and_then(|replica| replica.readiness.as_ref())
            .is_some_and(|it| it.ready);
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
        self.answering(style, now, out)?;
        self.store(style, out)?;
        self.held(out)?;
        if self.cluster.replicas.len() > 1 {
            writeln!(out)?;
            cluster::replicas(&self.cluster, style, now).print(out, "")?;
        }
        if self.controllers.is_empty() {
            return writeln!(out, "no controllers");
        }
        writeln!(out)?;
        self.table(style).print(out, "")?;
        let mut shards = cluster::shards(&self.cluster, style);
        if !shards.is_empty() {
            writeln!(out)?;
            shards.print(out, "")?;
        }
        self.sources(out)
    }

    /// The replica that answers, and what is wrong at first sight.
    fn answering(&self, style: Style, now: SystemTime, out: &mut impl Write) -> std::io::Result<()> {
        let failing: usize = self.controllers.iter().map(|controller| controller.queue.failing).sum();
        let failing = match failing {
            0 => None,
            1 => Some("1 key failing".to_owned()),
            more => Some(format!("{more} keys failing")),
        };
        let wrong = failing.into_iter().chain(cluster::missing(&self.cluster));
        let wrong: String =
            wrong.map(|what| style.paint(&visible(&format!(", {what}")), Some(Colour::Bad))).collect();
        let (word, colour) = if self.ready { ("ready", Colour::Good) } else { ("not ready", Colour::Bad) };
        let Some(replica) = cluster::answering(&self.cluster) else { return Ok(()) };
        let about = format!(
            "trimtab {} at {}, up {}, replica {}",
            replica.version,
            replica.api.as_deref().unwrap_or("no address"),
            ago(&replica.started, now),
            if cluster::is_one_of_many(&self.cluster) { &replica.name } else { &replica.id }
        );
        writeln!(out, "{}  {}{wrong}", style.paint(word, Some(colour)), visible(&about))?;
        for reason in replica.readiness.iter().flat_map(|readiness| &readiness.reasons) {
            writeln!(out, "  {}", visible(reason))?;
        }
        Ok(())
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
        let columns = ["READY", "RUNNING", "DEFERRED", "FAILING", "RUNS", "FAILED", "REASON"];
        let is_one_of_many = cluster::is_one_of_many(&self.cluster);
        let placed = if is_one_of_many { &["RUN BY", "EPOCH"][..] } else { &[] };
        let mut table = Table::new(&[&["CONTROLLER", "KIND", "STATE"], placed, &columns].concat(), style);
        for controller in &self.controllers {
            let state = match (controller.ready, controller.standby) {
                (_, true) => Cell::coloured("standby", Colour::Pending),
                (true, _) => Cell::coloured("ready", Colour::Good),
                (false, _) => Cell::coloured("not ready", Colour::Bad),
            };
            let queue = controller.queue;
            let failing = (queue.failing > 0).then_some(Colour::Bad);
            let mut row: Vec<Cell> = vec![
                controller.name.as_str().into(),
                controller.kind.as_deref().unwrap_or("-").into(),
                state,
            ];
            if is_one_of_many {
                row.extend(cluster::run_by(&self.cluster, &controller.name));
            }
            row.extend([
                queue.ready.to_string().into(),
                queue.running.to_string().into(),
                queue.deferred.to_string().into(),
                Cell::coloured(queue.failing.to_string(), failing),
                controller.runs.total.to_string().into(),
                controller.runs.failed.to_string().into(),
                controller.reasons.join("; ").into(),
            ]);
            table.row(row);
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
