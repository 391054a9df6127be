//! The words that these tests speak in.

use std::time::Duration;

use trimtab_backend::{
    Backend, Commit, CommitError, Expect, Feed, FeedItem, FollowError, Key, Operation, Part, Pending,
    Position, Record, RecordChange, Scope, Transaction, Verdict,
};
use trimtab_etcd::Etcd;
use trimtab_seams::Seams;
use trimtab_test_servers::Proxy;
use trimtab_test_servers::etcd::Cluster;

pub(crate) const KIND: &str = "fault";

pub(crate) fn key(name: &str) -> Key {
    Key::new(KIND, name)
}

pub(crate) fn scope() -> Scope {
    Scope::Kind(KIND.into())
}

pub(crate) fn put(name: &str, value: &str, expect: Expect) -> Transaction {
    let value = value.to_owned().into();
    Transaction::of([Operation::Put { key: key(name), part: Part::Spec, value, expect }])
}

/// A put without a condition: nothing but its lane guards it.
pub(crate) fn blind(name: &str, value: &str) -> Transaction {
    put(name, value, Expect::Anything)
}

pub(crate) fn delete(name: &str) -> Transaction {
    Transaction::of([Operation::Delete { key: key(name), expect: Expect::Anything }])
}

pub(crate) async fn open(endpoints: impl IntoIterator<Item = String>) -> Etcd {
    opened_within(endpoints, Duration::from_secs(5)).await
}

pub(crate) async fn opened_within(endpoints: impl IntoIterator<Item = String>, timeout: Duration) -> Etcd {
    let builder = Etcd::builder(endpoints).request_timeout(timeout);
    builder.connect().await.expect("servers that run")
}

/// One member, a proxy before it, a store that reaches it through the proxy and has committed already, and one that reaches it directly.
pub(crate) struct Proxied {
    pub(crate) proxy: Proxy,
    pub(crate) store: Etcd,
    pub(crate) direct: Etcd,
    pub(crate) cluster: Cluster,
}

impl Proxied {
    pub(crate) async fn new() -> Option<Self> {
        let cluster = Cluster::single()?;
        let proxy = Proxy::to(cluster.port(0));
        let store = opened_within([proxy.endpoint()], Duration::from_millis(500)).await;
        let direct = open(cluster.endpoints()).await;
        committed(&store, blind("first", "1")).await;
        Some(Self { proxy, store, direct, cluster })
    }
}

pub(crate) async fn committed(store: &Etcd, transaction: Transaction) -> Position {
    match store.commit(transaction).await {
        Ok(Commit::Committed(position)) => position,
        other => panic!("no commit: {other:?}"),
    }
}

pub(crate) async fn unknown(store: &Etcd, transaction: Transaction) -> Pending {
    match store.commit(transaction).await {
        Err(CommitError::Unknown(pending)) => pending,
        other => panic!("not unknown: {other:?}"),
    }
}

/// Asks until there is a verdict, for at most a minute.
pub(crate) async fn settled(store: &Etcd, pending: &Pending) -> Verdict {
    let seams = Seams::tokio();
    let end = seams.now() + Duration::from_secs(60);
    loop {
        match store.resolve(pending.clone()).await {
            Ok(verdict) => return verdict,
            Err(CommitError::Unavailable { .. }) if seams.now() < end => {
                seams.sleep(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("no verdict: {error}"),
        }
    }
}

/// The spec of an entry; asks until a server answers, for at most half a minute.
pub(crate) async fn found(store: &Etcd, name: &str) -> Option<Record> {
    let seams = Seams::tokio();
    let end = seams.now() + Duration::from_secs(30);
    loop {
        match store.read(&[key(name)]).await {
            Ok((_, records)) => return records.into_iter().next(),
            Err(FollowError::Unavailable { .. }) if seams.now() < end => {
                seams.sleep(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("no answer: {error}"),
        }
    }
}

/// Follows until the snapshot has been told.
pub(crate) async fn synced(store: &Etcd) -> (Feed, Position) {
    let mut feed = store.follow(scope(), None).await.expect("a feed");
    loop {
        if let FeedItem::Synced(at) = feed.next().await.expect("a snapshot") {
            return (feed, at);
        }
    }
}

/// The next item with changes; a reset or an error is told as it is.
pub(crate) async fn told(feed: &mut Feed) -> Result<Vec<RecordChange>, String> {
    loop {
        match feed.next().await {
            Ok(FeedItem::Batch { changes, .. }) if changes.is_empty() => {}
            Ok(FeedItem::Batch { changes, .. }) => return Ok(changes.to_vec()),
            Ok(other) => return Err(format!("{other:?}")),
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// The result of the work; fails the test when there is none in time.
pub(crate) async fn within<T>(bound: Duration, work: impl Future<Output = T>) -> T {
    first_of(work, pause(bound)).await.unwrap_or_else(|| panic!("nothing within {bound:?}"))
}

/// The result of the work, or nothing when the alarm was first.
pub(crate) async fn first_of<T>(work: impl Future<Output = T>, alarm: impl Future<Output = ()>) -> Option<T> {
    tokio::select! {
        biased;
        result = work => Some(result),
        () = alarm => None,
    }
}

pub(crate) async fn pause(time: Duration) {
    Seams::tokio().sleep(time).await;
}
