//! Deletes that go without a mark, as in a full store, and lose their answers. A full store answers the first try, which has a mark, by itself, so
//! from outside nobody can lose the answer of the second alone.

use std::time::Duration;

use bytes::Bytes;
use trimtab_backend::{
    Backend, Commit, CommitError, Expect, Key, Operation, Part, Pending, Transaction, Verdict,
};
use trimtab_test_servers::etcd::Cluster;
use trimtab_test_servers::{Proxy, Way};

use crate::Etcd;
use crate::commit::Attempt;
use crate::pending::Trace;
use crate::transaction::revision;

async fn put(store: &Etcd, name: &str) -> (Bytes, i64) {
    let key = Key::new("site", name);
    let put =
        Operation::Put { key: key.clone(), part: Part::Spec, value: "1".into(), expect: Expect::Anything };
    let at = store.commit(Transaction::of([put])).await.expect("a commit").position().index;
    (store.core().layout().record(&key, Part::Spec), revision(at))
}

fn delete(names: &[&str]) -> Transaction {
    let delete = |name: &&str| Operation::Delete { key: Key::new("site", name), expect: Expect::Anything };
    Transaction::of(names.iter().map(delete))
}

async fn standing(store: &Etcd, names: &[&str]) -> usize {
    let keys: Vec<_> = names.iter().map(|name| Key::new("site", name)).collect();
    store.read(&keys).await.expect("an answer").1.len()
}

async fn unknown(store: &Etcd, names: &[&str], guards: &[(Bytes, i64)]) -> Pending {
    match store.core().attempt(&delete(names), Trace::Gone(guards.to_vec())).await {
        Err(CommitError::Unknown(pending)) => pending,
        other => panic!("not unknown: {other:?}"),
    }
}

/// contract 15, contract 16, contract 17, contract 20, contract U2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_without_a_mark_is_settled_by_what_is_gone() {
    let Some(cluster) = Cluster::single() else { return };
    let proxy = Proxy::to(cluster.port(0));
    let store = Etcd::builder([proxy.endpoint()]).request_timeout(Duration::from_millis(500));
    let store = store.connect().await.expect("a server that runs");
    for (way, landed) in [(Way::Open, true), (Way::Lossy, false)] {
        let names = ["a", "b"];
        let guards = [put(&store, "a").await, put(&store, "b").await];
        proxy.requests(way);
        proxy.answers(Way::Lossy);
        let pending = unknown(&store, &names, &guards).await;
        let lost = store.resolve(pending.clone()).await;
        assert!(matches!(lost, Err(CommitError::Unavailable { .. })), "{lost:?}");
        proxy.mend();
        let verdict = loop {
            match store.resolve(pending.clone()).await {
                Err(CommitError::Unavailable { .. }) => {}
                settled => break settled.expect("a verdict"),
            }
        };
        assert_eq!(matches!(verdict, Verdict::Committed(_)), landed, "{verdict:?}");
        assert_eq!(standing(&store, &names).await, if landed { 0 } else { 2 });
        assert_eq!(store.resolve(pending).await.expect("the same"), verdict);
    }
}

/// contract 17, contract U2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_without_a_mark_that_never_arrived_is_not_committed_by_the_writes_of_others() {
    let Some(cluster) = Cluster::single() else { return };
    let proxy = Proxy::to(cluster.port(0));
    let store = Etcd::builder([proxy.endpoint()]).request_timeout(Duration::from_millis(500));
    let store = store.connect().await.expect("a server that runs");
    let other = Etcd::connect(cluster.endpoints()).await.expect("a server that runs");
    let guards = [put(&store, "a").await];
    proxy.requests(Way::Lossy);
    let pending = unknown(&store, &["a"], &guards).await;
    // There is space again, and it is used.
    put(&other, "a").await;
    proxy.mend();
    let verdict = loop {
        match store.resolve(pending.clone()).await {
            Err(CommitError::Unavailable { .. }) => {}
            settled => break settled.expect("a verdict"),
        }
    };
    assert_eq!((standing(&other, &["a"]).await, verdict), (1, Verdict::Never), "it was changed, not deleted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_without_a_mark_leaves_what_changed_meanwhile() {
    let Some(cluster) = Cluster::single() else { return };
    let store = Etcd::connect(cluster.endpoints()).await.expect("a server that runs");
    let guards = vec![put(&store, "a").await, put(&store, "b").await];
    put(&store, "b").await;
    let tried = store.core().attempt(&delete(&["a", "b"]), Trace::Gone(guards)).await;
    assert!(matches!(tried, Ok(Attempt::Stale)), "{tried:?}");
    assert_eq!(standing(&store, &["a", "b"]).await, 2);
    let (_, guards) = (put(&store, "a").await, vec![put(&store, "b").await]);
    let done = store.core().attempt(&delete(&["b"]), Trace::Gone(guards)).await;
    assert!(matches!(done, Ok(Attempt::Done(Commit::Committed(_)))), "{done:?}");
}
