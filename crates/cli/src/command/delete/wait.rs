//! Waiting until what is being deleted is gone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use trimtab_http::wire::{EntryKey, Outcome, Written};

use super::held::held_by;
use crate::client::{Client, Failure, Held, Told as Event, Watched, What};
use crate::command::Exit;
use crate::command::told::{Told, shown};

/// After how long a daemon that is gone is looked for again.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// Each by its key, as it was when it was marked.
type Going = BTreeMap<EntryKey, Written>;

/// Waits, at most for so long, until all of these are gone; each is told as it goes.
pub(super) fn until_gone(
    client: &Client,
    going: Vec<Written>,
    timeout: Duration,
    told: Told,
) -> Result<Exit, Failure> {
    let unable = |error: std::io::Error| Failure::failed(format!("cannot wait: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unable)?;
    let left: Arc<Mutex<Going>> =
        Arc::new(Mutex::new(going.into_iter().map(|written| (written.key.clone(), written)).collect()));
    let seams = client.seams();
    let outcome = runtime.block_on(async {
        let (answer, answered) = oneshot::channel();
        let (client, left) = (client.clone(), Arc::clone(&left));
        seams.spawn_blocking("wait until entries are gone", move || {
            drop(answer.send(follow(&client, &left, told)));
        });
        tokio::select! {
            outcome = answered => outcome.ok(),
            () = seams.sleep(timeout) => None,
        }
    });
    // It may be waiting for the daemon.
    runtime.shutdown_background();
    if let Some(outcome) = outcome {
        return outcome.map(|()| Exit::Done);
    }
    let left = std::mem::take(&mut *left.lock());
    for written in left.values() {
        eprintln!(
            "{} is still there{}",
            crate::show::visible(&shown(&written.key)),
            held_by(client, written)
        );
    }
    let entries = if left.len() == 1 { "1 entry is".into() } else { format!("{} entries are", left.len()) };
    Err(Failure::new(Exit::TimedOut, format!("{entries} not gone after {timeout:?}")))
}

/// Follows each kind until nothing of it is left.
fn follow(client: &Client, left: &Mutex<Going>, told: Told) -> Result<(), Failure> {
    loop {
        let Some(first) = left.lock().values().next().cloned() else { return Ok(()) };
        let of_kind = left.lock().keys().filter(|key| key.kind == first.key.kind).count();
        // Keys of a kind stand together; the earliest mark of them is where to go on after.
        let earliest = |going: &Going| {
            let same = going.values().filter(|written| written.key.kind == first.key.kind);
            same.map(|written| written.position.clone()).min_by_key(|position| index(position))
        };
        let everywhere = Some("*".to_owned());
        let watched = Watched {
            kind: first.key.kind.clone(),
            name: (of_kind == 1).then(|| first.key.name.clone()),
            namespace: everywhere.clone(),
            partition: everywhere,
            selector: None,
            from: earliest(&left.lock()),
        };
        let mut seen = Seen::of(left, told, &first.key.kind);
        match client.watch(watched, told.is_quiet).follow(|event, told| seen.event(&event.id, told)) {
            Err(failure) if failure.exit() == Exit::Done => {}
            // It was there just now, when it was asked to delete.
            Err(failure) if failure.exit() == Exit::Unreachable => {
                tokio::runtime::Handle::current().block_on(client.seams().sleep(ASK_AGAIN));
            }
            Err(failure) => return Err(failure),
            Ok(never) => match never {},
        }
    }
}

fn index(position: &str) -> u64 {
    crate::command::told::index(position).parse().unwrap_or_default()
}

/// What a watch of one kind has told.
struct Seen<'a> {
    left: &'a Mutex<Going>,
    told: Told,
    kind: &'a str,
    held: Held,
}

impl<'a> Seen<'a> {
    fn of(left: &'a Mutex<Going>, told: Told, kind: &'a str) -> Self {
        let held = Held::of(left.lock().values().filter_map(|written| written.entry.as_ref()));
        Self { left, told, kind, held }
    }

    /// Takes note of an event; an empty failure when nothing of the kind is left.
    fn event(&mut self, position: &str, event: Event) -> Result<(), Failure> {
        for news in self.held.news(event) {
            // Another life of the same name is not what was deleted.
            if matches!(news.what, What::Deleted | What::Created) {
                self.is_gone(&news.key, position);
            }
        }
        let is_left = self.left.lock().keys().any(|key| key.kind == self.kind);
        if is_left { Ok(()) } else { Err(Failure::new(Exit::Done, "")) }
    }

    fn is_gone(&self, key: &EntryKey, position: &str) {
        let Some(written) = self.left.lock().remove(key) else { return };
        if self.told.is_for_people() {
            let gone = Written { outcome: Outcome::Deleted, position: position.to_owned(), ..written };
            self.told.written(&gone, "");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trimtab::store::Document;
    use trimtab_http::wire::{Changed, Changes, SnapshotEntry};

    use super::*;
    use crate::client::key_of;
    use crate::command::told::Form;

    fn site(name: &str, uid: u8) -> Document {
        let value = json!({ "kind": "site", "name": name, "spec": {}, "meta": {
            "uid": format!("00000000-0000-4000-8000-0000000000{uid:02x}"),
            "generation": 1, "created": 1, "modified": 1, "created_at": "2026-03-01T12:00:00Z" } });
        serde_json::from_value(value).unwrap()
    }

    fn going(entries: &[Document]) -> Mutex<Going> {
        let written = |entry: &Document| Written {
            key: key_of(entry),
            outcome: Outcome::Deleting,
            position: "00ff-7".into(),
            entry: Some(entry.clone()),
            dry_run: false,
        };
        Mutex::new(entries.iter().map(|entry| (key_of(entry), written(entry))).collect())
    }

    fn changed(old: &Document, new: Option<Document>) -> Event {
        let change = Changed { key: key_of(old), old: None, new };
        Event::Change(Changes { position: "00ff-9".into(), changes: vec![change] })
    }

    const TOLD: Told = Told { form: Some(Form::Name), is_quiet: true };

    #[test]
    fn an_entry_is_gone_by_a_change_that_leaves_nothing_or_another_life_of_its_name() {
        let (a, b) = (site("a", 1), site("b", 2));
        let left = going(&[a.clone(), b.clone()]);
        let mut seen = Seen::of(&left, TOLD, "site");
        assert!(seen.event("00ff-9", changed(&a, Some(a.clone()))).is_ok(), "it is as it was");
        assert_eq!(left.lock().len(), 2);
        assert!(seen.event("00ff-9", changed(&a, None)).is_ok());
        assert_eq!(left.lock().len(), 1);
        let end = seen.event("00ff-9", changed(&b, Some(site("b", 3)))).unwrap_err();
        assert_eq!(end.exit(), Exit::Done);
    }

    #[test]
    fn after_a_reset_what_the_snapshot_does_not_hold_is_gone() {
        let (a, b) = (site("a", 1), site("b", 2));
        let left = going(&[a.clone(), b]);
        let mut seen = Seen::of(&left, TOLD, "site");
        assert!(seen.event("", Event::Reset).is_ok());
        assert!(seen.event("", Event::Snapshot(Box::new(SnapshotEntry { entry: a.clone() }))).is_ok());
        assert!(seen.event("00ff-9", Event::EndOfSnapshot).is_ok());
        let keys: Vec<_> = left.lock().keys().cloned().collect();
        assert_eq!(keys, [key_of(&a)]);
    }
}
