//! A watch that goes on when the connection, or the daemon, does not.

use std::io::BufReader;
use std::time::Duration;

use serde::de::DeserializeOwned;
use trimtab::seams::Seams;
use trimtab_http::wire::{Changes, ProblemKind, SnapshotEntry};

use super::events::{Event, Events};
use super::{Client, Failure};
use crate::command::Exit;

/// The longest wait between two attempts.
const LONGEST: Duration = Duration::from_secs(30);
/// The wait when the server has not said.
const FIRST: Duration = Duration::from_secs(1);

/// What is to be watched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched {
    /// The kind.
    pub(crate) kind: String,
    /// Only the entry of this name.
    pub(crate) name: Option<String>,
    /// `*`: every one.
    pub(crate) namespace: Option<String>,
    /// `*`: every one.
    pub(crate) partition: Option<String>,
    /// Only entries whose labels match.
    pub(crate) selector: Option<String>,
    /// After this position; none: from a snapshot on.
    pub(crate) from: Option<String>,
}

/// What a watch tells.
#[derive(Debug)]
pub(crate) enum Told {
    /// An entry that is there at the beginning.
    Snapshot(Box<SnapshotEntry>),
    /// That was all of them.
    EndOfSnapshot,
    /// What a commit changed.
    Change(Changes),
    /// Forget what you hold; a snapshot follows.
    Reset,
    /// It lives, and stands here.
    Progress,
}

/// A watch.
#[derive(Debug)]
pub(crate) struct Watch {
    client: Client,
    watched: Watched,
    /// The last id: what to go on after.
    id: String,
    /// Something was told already.
    has_told: bool,
    wait: Duration,
    is_quiet: bool,
}

impl Client {
    /// Watches, once it is [followed](Watch::follow). Lost connections are told on standard error unless it is `quiet`.
    pub(crate) fn watch(&self, watched: Watched, is_quiet: bool) -> Watch {
        let id = watched.from.clone().unwrap_or_default();
        Watch { client: self.clone(), watched, id, has_told: false, wait: FIRST, is_quiet }
    }
}

impl Watch {
    /// Tells everything, for ever. A failure is one that connecting again would not mend: of the first connection, of what is asked for, of `each`.
    pub(crate) fn follow(
        &mut self,
        mut each: impl FnMut(&Event, Told) -> Result<(), Failure>,
    ) -> Result<std::convert::Infallible, Failure> {
        let mut was_open = false;
        loop {
            match self.connect() {
                Ok(mut events) => {
                    was_open = true;
                    self.begin_anew(&mut each)?;
                    let why = self.read(&mut events, &mut each)?;
                    self.tell(&format!("the connection is lost ({why})"));
                }
                Err(failure) if was_open && may_mend(&failure) => self.tell(&failure.to_string()),
                Err(failure) => return Err(failure),
            }
            self.rest();
        }
    }

    fn connect(&self) -> Result<Events<impl std::io::BufRead + use<>>, Failure> {
        let Watched { kind, name, namespace, partition, selector, .. } = &self.watched;
        let request =
            self.client.get(&["v1", "watch"]).query("kind", Some(kind)).query("name", name.as_deref());
        let request =
            request.query("namespace", namespace.as_deref()).query("partition", partition.as_deref());
        let request = request.query("selector", selector.as_deref());
        let id = Some(self.id.as_str()).filter(|id| !id.is_empty());
        // The first time it is what somebody typed, and a mistake in it is told by that name.
        let request =
            if self.has_told { request.header("Last-Event-ID", id) } else { request.query("from", id) };
        Ok(Events::new(BufReader::new(request.stream()?), &self.id))
    }

    /// Without a position to go on after, everything is told again.
    fn begin_anew(
        &mut self,
        each: &mut impl FnMut(&Event, Told) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if !self.has_told || !self.id.is_empty() {
            return Ok(());
        }
        let data = r#"{"reason":"cut-off"}"#.to_owned();
        each(&Event { name: "reset".into(), id: String::new(), data }, Told::Reset)
    }

    /// Tells what a connection tells, to its end. Why it ended.
    fn read<R: std::io::BufRead>(
        &mut self,
        events: &mut Events<R>,
        each: &mut impl FnMut(&Event, Told) -> Result<(), Failure>,
    ) -> Result<String, Failure> {
        loop {
            let event = match events.next() {
                Ok(Some(event)) => event,
                Ok(None) => return Ok("it ended".into()),
                Err(error) => return Ok(error.to_string()),
            };
            // What is not known is of a later version, and has a place in the order too.
            if let Some(told) = told(&event)? {
                each(&event, told)?;
            }
            self.has_told = true;
            events.last_id().clone_into(&mut self.id);
            self.wait = events.retry().unwrap_or(FIRST);
        }
    }

    fn tell(&self, what: &str) {
        if !self.is_quiet {
            let what = crate::show::visible(what.lines().next().unwrap_or_default());
            eprintln!("{what}; trying again in {:.0?}", self.wait);
        }
    }

    /// Waits a while, longer each time; not quite the same time as others that lost the same daemon.
    fn rest(&mut self) {
        let seams = self.client.seams();
        wait(seams, self.wait + seams.random_below(self.wait / 4));
        self.wait = (self.wait * 2).min(LONGEST);
    }
}

/// Blocks this thread, which is one that may.
fn wait(seams: &Seams, time: Duration) {
    tokio::runtime::Handle::current().block_on(seams.sleep(time));
}

/// Whether another attempt may have another outcome.
fn may_mend(failure: &Failure) -> bool {
    failure.exit() == Exit::Unreachable
        || matches!(
            failure.kind(),
            Some(ProblemKind::TooMany | ProblemKind::Unavailable | ProblemKind::Internal)
        )
}

fn told(event: &Event) -> Result<Option<Told>, Failure> {
    Ok(Some(match event.name.as_str() {
        "snapshot" => Told::Snapshot(parse(event)?),
        "end-of-snapshot" => Told::EndOfSnapshot,
        "change" => Told::Change(parse(event)?),
        "reset" => Told::Reset,
        "progress" => Told::Progress,
        _ => return Ok(None),
    }))
}

fn parse<T: DeserializeOwned>(event: &Event) -> Result<T, Failure> {
    serde_json::from_str(&event.data).map_err(|error| {
        Failure::failed(format!("an event `{}` of the daemon cannot be read: {error}", event.name))
            .hint("it may be of another version")
    })
}
