//! A backend that says what a test puts into its mouth.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FeedItem, FeedSender, FollowError, Index, Key, Part, Position,
    Record, RecordChange, ResetReason, Scope, StoreId, Transaction, Why,
};
use trimtab_seams::Seams;
use trimtab_store::Store;

/// Each call of `follow` is answered by the next feed; without one it is unavailable.
#[derive(Clone, Default)]
pub(crate) struct Scripted(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    feeds: VecDeque<Feed>,
    asked: Vec<Option<Position>>,
    trouble: Option<String>,
}

impl Scripted {
    /// Adds a feed. It begins with whatever is sent first.
    pub(crate) fn feed(&self) -> FeedSender {
        let (sender, feed) = Feed::channel(1_000);
        self.0.lock().expect("no test panics with it").feeds.push_back(feed);
        sender
    }

    /// From where it was asked to be followed, each time.
    pub(crate) fn asked(&self) -> Vec<Option<Position>> {
        self.0.lock().expect("no test panics with it").asked.clone()
    }

    /// What is in the way from now on.
    pub(crate) fn trouble(&self, trouble: Option<&str>) {
        self.0.lock().expect("no test panics with it").trouble = trouble.map(str::to_owned);
    }

    /// A store whose first snapshot, at index 1, holds these records.
    pub(crate) async fn open(&self, seams: &Seams, records: Vec<Record>) -> (Store, FeedSender) {
        let sender = self.feed();
        snapshot(&sender, ResetReason::First, records, 1);
        let store = Store::builder(self.clone()).seams(seams).open().await.expect("the script begins");
        (store, sender)
    }
}

pub(crate) fn position(index: u64) -> Position {
    Position { store: StoreId::new([7; 16]), index: Index::new(index) }
}

/// Sends a whole snapshot.
pub(crate) fn snapshot(sender: &FeedSender, why: ResetReason, records: Vec<Record>, index: u64) {
    sender.send(Ok(FeedItem::Reset { why }));
    sender.send(Ok(FeedItem::Chunk(records)));
    sender.send(Ok(FeedItem::Synced(position(index))));
}

/// Sends a batch that follows on from `after`.
pub(crate) fn batch(sender: &FeedSender, after: u64, upto: u64, changes: impl Into<Arc<[RecordChange]>>) {
    let (after, upto) = (Index::new(after), position(upto));
    sender.send(Ok(FeedItem::Batch { after, upto, changes: changes.into() }));
}

fn record(name: &str, part: Part, created: u64, version: u64, value: String) -> Record {
    let (created, version) = (Index::new(created), Index::new(version));
    Record { key: Key::new("site", name), part, value: value.into(), created, version }
}

/// The spec record of a site, in the life that began at `created`.
pub(crate) fn spec(name: &str, created: u64, version: u64, port: u16) -> Record {
    let uid = format!("00000000-0000-4000-8000-{created:012}");
    let header = format!(r#"{{"f":1,"uid":"{uid}","generation":1,"created_at":"2026-01-01T00:00:00.000Z"}}"#);
    record(name, Part::Spec, created, version, format!("{header}\n{{\"port\":{port}}}"))
}

/// Its status record.
pub(crate) fn status(name: &str, created: u64, version: u64, serving: bool) -> Record {
    let uid = format!("00000000-0000-4000-8000-{created:012}");
    let header = format!(r#"{{"f":1,"uid":"{uid}","observed_generation":1}}"#);
    record(name, Part::Status, created, version, format!("{header}\n{{\"serving\":{serving}}}"))
}

/// A spec record that no release wrote.
pub(crate) fn garbage(name: &str, created: u64, version: u64) -> Record {
    record(name, Part::Spec, created, version, "no header\n{}".into())
}

pub(crate) fn put(record: Record) -> RecordChange {
    RecordChange::Put(record)
}

pub(crate) fn delete(name: &str, created: u64) -> RecordChange {
    RecordChange::Delete { key: Key::new("site", name), created: Index::new(created) }
}

impl Backend for Scripted {
    async fn commit(&self, _: Transaction) -> Result<Commit, CommitError> {
        Err(CommitError::Unavailable { why: Why::Unreachable, retry_after: None })
    }

    async fn read(&self, _: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        Err(FollowError::UNREACHABLE)
    }

    fn trouble(&self) -> Option<String> {
        self.0.lock().expect("no test panics with it").trouble.clone()
    }

    async fn follow(&self, _: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        let mut state = self.0.lock().expect("no test panics with it");
        state.asked.push(from);
        state.feeds.pop_front().ok_or(FollowError::UNREACHABLE)
    }
}
