//! Memory against the simplest model there is, and what it promises beyond the contract.

use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use trimtab_backend::{
    Backend, Expect, Feed, FeedItem, FollowError, Index, Key, Memory, Operation, Part, Position, Record,
    RecordChange, ResetReason, Transaction,
};

mod following;
mod model;

fn key(n: usize) -> Key {
    Key::new("site", &n.to_string())
}

fn put(n: usize, value: &str) -> Operation {
    let (key, value) = (key(n), value.as_bytes().to_vec().into());
    Operation::Put { key, part: Part::Spec, value, expect: Expect::Anything }
}

async fn run(memory: &Memory, operations: impl IntoIterator<Item = Operation>) -> Position {
    memory.commit(Transaction::of(operations)).await.expect("a commit").position()
}

fn poll(feed: &mut Feed, waker: &Waker) -> Poll<Result<FeedItem, FollowError>> {
    pin!(feed.next()).as_mut().poll(&mut Context::from_waker(waker))
}

/// A follower of the plainest kind.
#[derive(Default)]
struct View {
    records: BTreeMap<(Key, Part), Record>,
    at: Option<Index>,
    resets: Vec<ResetReason>,
}

impl View {
    fn take(&mut self, item: FeedItem) {
        match item {
            FeedItem::Reset { why } => {
                self.resets.push(why);
                (self.records, self.at) = (BTreeMap::new(), None);
            }
            FeedItem::Chunk(records) => records.into_iter().for_each(|record| self.put(record)),
            FeedItem::Synced(at) => self.at = Some(at.index),
            FeedItem::Batch { after, upto, changes } => {
                assert_eq!(self.at, Some(after), "batches join");
                self.at = Some(upto.index);
                for change in &*changes {
                    match change {
                        RecordChange::Put(record) => self.put(record.clone()),
                        RecordChange::Delete { key, .. } => {
                            self.records.retain(|(held, _), _| held != key);
                        }
                    }
                }
            }
        }
    }

    fn put(&mut self, record: Record) {
        self.records.insert((record.key.clone(), record.part), record);
    }

    /// Takes what is there to be told.
    fn drain(&mut self, feed: &mut Feed) {
        while let Poll::Ready(item) = poll(feed, Waker::noop()) {
            self.take(item.expect("a feed of an open store"));
        }
    }
}

/// The result of work that never waits.
fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("memory never waits"),
    }
}
