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
    /// Watches, once it is [followed](Watch::follow). What is lost and found again is told on standard error unless it is `quiet`.
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
                    if std::mem::replace(&mut was_open, true) && !self.is_quiet {
                        eprintln!("connected again");
                    }
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use super::*;
    use crate::client::Address;

    const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 1\n\n";
    const NOBODY: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json\r\n\r\n{\"type\":\"urn:trimtab:problem:unauthorized\",\"title\":\"\",\"status\":401,\"detail\":\"not any more\"}";
    const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n\r\n{\"type\":\"urn:trimtab:problem:stopping\",\"title\":\"\",\"status\":503,\"detail\":\"it is stopping\"}";

    fn snapshot(name: &str) -> String {
        format!(
            "event: snapshot\ndata: {{\"entry\":{{\"kind\":\"tick\",\"name\":\"{name}\",\"spec\":{{}}}}}}\n\n"
        )
    }

    fn change(position: &str) -> String {
        format!("event: change\nid: {position}\ndata: {{\"position\":\"{position}\",\"changes\":[]}}\n\n")
    }

    /// Follows a server that gives each connection the next of these answers and hangs up. The events that were told, the failure, and the heads of the requests.
    async fn followed(answers: Vec<String>, from: Option<&str>) -> (Vec<String>, Failure, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = Address::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let (seams, (asked, heads)) = (Seams::tokio(), mpsc::channel());
        seams.spawn_blocking("server", move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut head, mut buffer) = (String::new(), [0; 1024]);
                while !head.contains("\r\n\r\n") {
                    let read = stream.read(&mut buffer).unwrap();
                    head += &String::from_utf8_lossy(&buffer[..read]);
                }
                asked.send(head.to_lowercase()).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let watched = Watched { kind: "tick".into(), from: from.map(str::to_owned), ..Watched::default() };
        let mut watch = Client::new(address, None, None, false).watch(watched, true);
        let (done, ended) = tokio::sync::oneshot::channel();
        seams.spawn_blocking("client", move || {
            let mut names = Vec::new();
            let followed = watch.follow(|event, _| {
                names.push(event.name.clone());
                Ok(())
            });
            drop(done.send((names, followed.unwrap_err())));
        });
        let (names, failure) = ended.await.unwrap();
        (names, failure, heads.try_iter().collect())
    }

    #[tokio::test]
    async fn it_goes_on_after_the_last_id_and_ends_when_another_attempt_would_not_help() {
        let end = "event: end-of-snapshot\nid: 00ff-1\ndata: {\"position\":\"00ff-1\"}\n\n";
        let first = format!("{STREAM}{}{end}{}", snapshot("a"), change("00ff-2"));
        let second = format!("{STREAM}{}event: change\nid: 00ff-4\n", change("00ff-3"));
        let (names, failure, heads) = followed(vec![first, BUSY.into(), second, NOBODY.into()], None).await;
        assert_eq!(names, ["snapshot", "end-of-snapshot", "change", "change"]);
        assert_eq!(failure.kind(), Some(ProblemKind::Unauthorized));
        assert!(!heads[0].contains("last-event-id") && !heads[0].contains("from="), "{}", heads[0]);
        for (head, id) in [(&heads[1], "00ff-2"), (&heads[2], "00ff-2"), (&heads[3], "00ff-3")] {
            assert!(head.contains(&format!("last-event-id: {id}\r\n")), "{head}");
        }
    }

    #[tokio::test]
    async fn a_snapshot_that_is_cut_off_begins_anew_and_says_so() {
        let half = format!("{STREAM}{}", snapshot("a"));
        let reset =
            format!("{STREAM}{}event: reset\nid:\ndata: {{\"reason\":\"too-old\"}}\n\n", change("00ff-9"));
        let (names, _, heads) = followed(vec![half, reset, NOBODY.into()], None).await;
        assert_eq!(names, ["snapshot", "reset", "change", "reset"]);
        assert!(heads.iter().all(|head| !head.contains("last-event-id")), "{heads:?}");
    }

    #[tokio::test]
    async fn the_first_connection_must_succeed_and_says_where_to_begin() {
        let (names, failure, heads) = followed(vec![BUSY.into()], Some("00ff-7")).await;
        assert_eq!((names.len(), failure.exit()), (0, Exit::Unreachable));
        assert!(heads[0].contains("from=00ff-7"), "{}", heads[0]);
    }
}
