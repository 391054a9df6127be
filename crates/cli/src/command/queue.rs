//! `trimtab queue`: every key that is ready, running, deferred or failing, and why.

use std::io::{BufWriter, Write, stdout};
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use trimtab_http::wire::{Controller, Key, KeyState, Keys};

use super::Exit;
use crate::client::{Failure, Reach};
use crate::show::cluster::{how_to_ask, peer, percent};
use crate::show::{
    Cell, Colour, Few, Style, Table, ago, ahead, key_text, place_text, pretty, value_yaml, visible,
};

const EXAMPLE: &str = "\
Examples:
  trimtab queue                         of all controllers
  trimtab queue sites --state failing   what fails, since when, why, and when it is tried again

A key that is in none of these states is done, and not listed.
Exit codes: 0 done, 3 there is no such controller, 5 the daemon cannot be reached";

/// `trimtab queue`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Queue {
    /// The controller; left out: all.
    controller: Option<String>,
    /// Only keys in these states.
    #[arg(long, value_enum, value_name = "STATE", value_delimiter = ',')]
    state: Vec<State>,
    /// How it is printed; left out: as columns.
    #[arg(short, long, value_enum, value_name = "FORM")]
    output: Option<Few>,
    #[command(flatten)]
    reach: Reach,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// A worker is on it.
    Running,
    /// In line.
    Ready,
    /// Has failed, and waits to be tried again or for a change.
    Failing,
    /// Waits for a promised time.
    Deferred,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Running => KeyState::Running.as_str(),
            Self::Ready => KeyState::Ready.as_str(),
            Self::Failing => KeyState::Failing.as_str(),
            Self::Deferred => KeyState::Deferred.as_str(),
        }
    }
}

impl Queue {
    /// Prints them.
    pub(crate) fn execute(self) -> Result<Exit, Failure> {
        let client = self.reach.client()?;
        let states: Vec<_> = self.state.iter().map(|state| state.as_str()).collect();
        let states = Some(states.join(",")).filter(|states| !states.is_empty());
        let controllers = match &self.controller {
            Some(name) => vec![client.controller(name)?],
            None => client.controllers()?,
        };
        let mut keys = Keys { items: Vec::new(), total: 0 };
        for Controller { name, .. } in &controllers {
            let found = client.keys(name, states.as_deref())?;
            keys.items.extend(found.items);
            keys.total += found.total;
        }
        self.print(&keys, client.seams().wall())?;
        if !self.reach.is_quiet() && self.output.is_none_or(|form| form == Few::Table) {
            let left = keys.total - keys.items.len();
            if left > 0 {
                eprintln!("and {left} more");
            }
            for elsewhere in controllers.iter().filter_map(elsewhere) {
                eprintln!("{}", visible(&elsewhere));
            }
            if keys.total == 0 && controllers.iter().any(|controller| controller.run_by.is_none()) {
                let whose = self.controller.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
                let what = states.map_or("ready, running, deferred or failing".into(), |states| {
                    states.replace(',', " or ")
                });
                eprintln!("no key{whose} is {what}");
            }
        }
        Ok(Exit::Done)
    }

    fn print(&self, keys: &Keys, now: SystemTime) -> Result<(), Failure> {
        let mut out = BufWriter::new(stdout().lock());
        let unshown = |error: String| Failure::failed(format!("the keys cannot be shown: {error}"));
        let style = Style::of_process();
        match self.output {
            Some(Few::Json) => {
                let json = serde_json::to_string(keys).map_err(|error| unshown(error.to_string()))?;
                writeln!(out, "{}", pretty(&json))?;
            }
            Some(Few::Yaml) => write!(out, "{}", value_yaml(keys).map_err(unshown)?)?,
            form => {
                let style = if form.is_some() { style.aligned() } else { style };
                let mut table = Self::table(&keys.items, style, now);
                if !table.is_empty() {
                    table.print(&mut out, "")?;
                }
            }
        }
        Ok(out.flush()?)
    }

    fn table(keys: &[Key], style: Style, now: SystemTime) -> Table {
        let columns = ["CONTROLLER", "KEY", "NAMESPACE", "STATE", "SINCE", "NEXT RUN", "FAILURES", "WHY"];
        let mut table = Table::new(&columns, style).fitted("WHY");
        for key in keys {
            table.row(vec![
                key.controller.as_str().into(),
                key_text(&key.key).into(),
                place_text(&key.key).into(),
                state(key),
                key.since.as_ref().map_or("-".into(), |since| ago(since, now)).into(),
                next(key, now).into(),
                key.failures.to_string().into(),
                why(key).into(),
            ]);
        }
        table
    }
}

/// What is not to be seen here of a controller, and who tells of it.
fn elsewhere(controller: &Controller) -> Option<String> {
    if let Some(run_by) = &controller.run_by {
        let leader = peer(run_by);
        return Some(format!(
            "{} is led by {leader}, which has its queue; {}",
            controller.name,
            how_to_ask(run_by)
        ));
    }
    let share = controller.share.filter(|share| *share < 1.0)?;
    Some(format!(
        "{}: here are the keys of this replica, {} of all; `trimtab status` tells who has the others",
        controller.name,
        percent(share)
    ))
}

fn state(key: &Key) -> Cell {
    let colour = match key.state {
        KeyState::Failing => Some(Colour::Bad),
        KeyState::Running => Some(Colour::Good),
        KeyState::Ready | KeyState::Deferred => None,
    };
    Cell::coloured(key.state.as_str(), colour)
}

/// When it runs next.
pub(super) fn next(key: &Key, now: SystemTime) -> String {
    match &key.next_run {
        Some(next) => ahead(next, now),
        None if key.terminal => "after a change".into(),
        None => "-".into(),
    }
}

/// Why it stands where it stands, and what it failed with.
fn why(key: &Key) -> String {
    let parts: Vec<&str> = key.why.iter().chain(&key.last_error).map(String::as_str).collect();
    parts.join(": ")
}
