//! The few words that these tests speak in.

use std::collections::BTreeMap;
use std::time::Duration;

use trimtab_backend::{
    Backend, Commit, CommitError, Expect, Feed, FeedItem, FollowError, Index, Key, Operation, Part, Pending,
    Position, Record, RecordChange, ResetReason, Scope, Transaction, Verdict,
};
use trimtab_consul::{Consul, ConsulBuilder};
use trimtab_seams::Seams;

pub(crate) const KIND: &str = "fault";

pub(crate) fn key(name: &str) -> Key {
    Key::new(KIND, name)
}

pub(crate) fn put(name: &str, value: &str, expect: Expect) -> Transaction {
    let value = value.to_owned().into();
    Transaction::of([Operation::Put { key: key(name), part: Part::Spec, value, expect }])
}

pub(crate) fn delete(name: &str) -> Transaction {
    Transaction::of([Operation::Delete { key: key(name), expect: Expect::Anything }])
}

/// With times that suit a test: faults are noticed within seconds.
pub(crate) fn builder(endpoints: impl IntoIterator<Item = impl Into<String>>) -> ConsulBuilder {
    Consul::builder(endpoints).request_timeout(Duration::from_secs(2)).wait(Duration::from_secs(2))
}

/// Connects, and tries for a while, as a server that was just started may need.
pub(crate) async fn connect(builder: ConsulBuilder) -> Consul {
    for _ in 0..100 {
        if let Ok(store) = builder.clone().connect().await {
            return store;
        }
        Seams::tokio().sleep(Duration::from_millis(100)).await;
    }
    builder.connect().await.expect("a store")
}

pub(crate) async fn committed(store: &Consul, transaction: Transaction) -> Position {
    match store.commit(transaction).await {
        Ok(Commit::Committed(position)) => position,
        other => panic!("not committed: {other:?}"),
    }
}

/// Commits, and again as long as the store is away.
pub(crate) async fn committed_in_time(store: &Consul, transaction: &Transaction) -> Position {
    for _ in 0..150 {
        match store.commit(transaction.clone()).await {
            Ok(commit) => return commit.position(),
            Err(CommitError::Unknown(pending)) => {
                if let Verdict::Committed(position) = resolved(store, &pending).await {
                    return position;
                }
            }
            Err(CommitError::Unavailable { .. }) => {}
            Err(other) => panic!("{other}"),
        }
        Seams::tokio().sleep(Duration::from_millis(100)).await;
    }
    panic!("not committed in time");
}

/// Commits what is bound to be unknown.
pub(crate) async fn unknown(store: &Consul, transaction: Transaction) -> Pending {
    match store.commit(transaction).await {
        Err(CommitError::Unknown(pending)) => pending,
        other => panic!("not unknown: {other:?}"),
    }
}

/// Resolves, and tries again as long as the store is away.
pub(crate) async fn resolved(store: &Consul, pending: &Pending) -> Verdict {
    for _ in 0..150 {
        match store.resolve(pending.clone()).await {
            Ok(verdict) => return verdict,
            Err(CommitError::Unavailable { .. }) => {}
            Err(other) => panic!("not resolved: {other}"),
        }
        Seams::tokio().sleep(Duration::from_millis(100)).await;
    }
    panic!("not resolved in time");
}

pub(crate) async fn found(store: &Consul, name: &str) -> Option<Record> {
    for _ in 0..150 {
        match store.read(&[key(name)]).await {
            Ok((_, records)) => return records.into_iter().next(),
            Err(FollowError::Unavailable { .. }) => {}
            Err(other) => panic!("not read: {other}"),
        }
        Seams::tokio().sleep(Duration::from_millis(100)).await;
    }
    panic!("not read in time");
}

/// A follower that judges how its items fit together.
pub(crate) struct Watched {
    feed: Feed,
    synced: bool,
    pub(crate) view: BTreeMap<(Key, Part), Record>,
    pub(crate) at: Option<Position>,
    pub(crate) resets: Vec<ResetReason>,
    /// The commits that were told, with their changes.
    pub(crate) commits: Vec<(Index, Vec<RecordChange>)>,
}

impl Watched {
    pub(crate) async fn of(store: &Consul) -> Self {
        let mut watched = Self::from(store, None).await;
        watched.sync().await;
        watched
    }

    pub(crate) async fn from(store: &Consul, from: Option<Position>) -> Self {
        let feed = store.follow(Scope::Kind(KIND.into()), from).await.expect("a feed");
        let (view, resets, commits) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { feed, synced: false, view, at: from, resets, commits }
    }

    /// Takes the next item; within half a minute.
    pub(crate) async fn step(&mut self) -> Result<(), FollowError> {
        let late = Seams::tokio().sleep(Duration::from_secs(30));
        let item = tokio::select! {
            item = self.feed.next() => item?,
            () = late => panic!("nothing was told for half a minute; at {:?}", self.at),
        };
        match item {
            FeedItem::Reset { why } => {
                self.resets.push(why);
                self.view.clear();
                self.synced = false;
            }
            FeedItem::Chunk(records) => {
                for record in records {
                    self.view.insert((record.key.clone(), record.part), record);
                }
            }
            FeedItem::Synced(at) => (self.at, self.synced) = (Some(at), true),
            FeedItem::Batch { after, upto, changes } => {
                assert_eq!(Some(after), self.at.map(|at| at.index), "batches join");
                self.at = Some(upto);
                for change in &*changes {
                    self.apply(change);
                }
                if !changes.is_empty() {
                    self.commits.push((upto.index, changes.to_vec()));
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, change: &RecordChange) {
        match change {
            RecordChange::Put(record) => {
                let before = self.view.insert((record.key.clone(), record.part), record.clone());
                assert!(
                    before.is_none_or(|before| before.version < record.version),
                    "a step back: {record:?}"
                );
            }
            RecordChange::Delete { key, created } => {
                let spec = self.view.remove(&(key.clone(), Part::Spec)).expect("what was in the view");
                assert_eq!(spec.created, *created);
                self.view.remove(&(key.clone(), Part::Status));
            }
        }
    }

    pub(crate) async fn sync(&mut self) {
        while !self.synced {
            self.step().await.expect("an item");
        }
    }

    pub(crate) async fn reach(&mut self, index: Index) {
        self.until(|watched| watched.synced && watched.at.is_some_and(|at| at.index >= index)).await;
    }

    pub(crate) async fn until(&mut self, mut come: impl FnMut(&Self) -> bool) {
        while !come(self) {
            self.step().await.expect("an item");
        }
    }

    /// Takes items until the feed ends.
    pub(crate) async fn end(&mut self) -> FollowError {
        loop {
            if let Err(error) = self.step().await {
                return error;
            }
        }
    }

    /// The values of all specs by name.
    pub(crate) fn values(&self) -> BTreeMap<String, String> {
        let text = |record: &Record| String::from_utf8_lossy(&record.value).into_owned();
        self.view.values().map(|record| (record.key.name().to_owned(), text(record))).collect()
    }
}
