//! Many tasks on one store, on every kind of executor.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use trimtab_backend::{
    Backend, Commit, CommitError, Expect, FeedItem, Found, Index, Key, Operation, Part, Scope, Transaction,
};
use trimtab_embedded::Embedded;
use trimtab_seams::Seams;

fn put(key: &Key, value: String, expect: Expect) -> Transaction {
    Transaction::of([Operation::Put { key: key.clone(), part: Part::Spec, value: value.into(), expect }])
}

/// Runs tasks side by side and gives their results.
async fn side_by_side<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    seams: &Seams,
    tasks: impl Iterator<Item = F>,
) -> Vec<T> {
    let (sender, mut results) = tokio::sync::mpsc::unbounded_channel();
    for task in tasks {
        let sender = sender.clone();
        seams.spawn("task", async move {
            let result = task.await;
            _ = sender.send(result);
        });
    }
    drop(sender);
    let mut all = Vec::new();
    while let Some(result) = results.recv().await {
        all.push(result);
    }
    all
}

/// Increments a counter under its version until it has been done so often; gives the index of each commit.
async fn count(store: Embedded, key: Key, times: u32) -> Vec<Index> {
    let mut done = Vec::new();
    let mut found = store.read(std::slice::from_ref(&key)).await.expect("open").1.pop();
    while done.len() < times as usize {
        let number = |value: &[u8]| std::str::from_utf8(value).ok().and_then(|text| text.parse::<u32>().ok());
        let (next, expect) = found.as_ref().map_or((1, Expect::Absent), |record| {
            (number(&record.value).expect("a number") + 1, Expect::At(record.version))
        });
        match store.commit(put(&key, next.to_string(), expect)).await {
            Ok(commit) => {
                done.push(commit.position().index);
                found = store.read(std::slice::from_ref(&key)).await.expect("open").1.pop();
            }
            Err(CommitError::Conflict(failed)) => {
                let Found::Record(record) = &failed[0].found else { panic!("{failed:?}") };
                found = Some(record.clone());
            }
            other => panic!("{other:?}"),
        }
    }
    done
}

/// 64 tasks, each with an entry of its own, and all of them with one counter.
async fn sixty_four_writers(rounds: u32) {
    let folder = tempfile::tempdir().expect("a folder");
    let seams = Seams::tokio();
    let store = Embedded::builder(folder.path()).checkpoint_after(100_000).open().expect("a new store");
    let mut feed = store.follow(Scope::All, None).await.expect("open");
    let counter = Key::new("site", "counter");
    let tasks = (0..64).map(|task| {
        let (store, counter) = (store.clone(), counter.clone());
        async move {
            let mut indexes = count(store.clone(), Key::new("site", &format!("own-{task}")), rounds).await;
            indexes.extend(count(store, counter, 1).await);
            indexes
        }
    });
    let indexes: Vec<_> = side_by_side(&seams, tasks).await.into_iter().flatten().collect();
    let expected = 64 * (u64::from(rounds) + 1);
    let each: BTreeSet<_> = indexes.iter().collect();
    assert_eq!(
        (indexes.len() as u64, each.len() as u64),
        (expected, expected),
        "each commit has an index of its own"
    );

    let head = store.read(&[]).await.expect("open").0;
    assert_eq!(head.index.get(), expected);
    let mut told = 0;
    let mut at = None;
    while at != Some(head.index) {
        match feed.next().await.expect("kept") {
            FeedItem::Batch { after, upto, changes } => {
                assert_eq!(at, Some(after), "batches join");
                assert_eq!((upto.index, changes.len()), (after.next(), 1), "each commit by itself");
                told += 1;
                at = Some(upto.index);
            }
            FeedItem::Synced(position) => at = Some(position.index),
            FeedItem::Reset { .. } | FeedItem::Chunk(_) => {}
        }
    }
    assert!(told <= expected);
    drop((store, feed));
    let store = Embedded::open(folder.path()).expect("the same store");
    let (again, records) = store.read(&[counter]).await.expect("open");
    assert_eq!((again, &*records[0].value), (head, b"64".as_slice()));
}

/// behaviour E2, guarantee S-a
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_write_together_and_lose_nothing() {
    sixty_four_writers(20).await;
}

#[tokio::test(flavor = "current_thread")]
async fn sixty_four_tasks_of_one_thread_do_too() {
    sixty_four_writers(3).await;
}

/// guarantee Q-j, fault F5
///
/// Each commit is polled once and dropped. Those behind it must not wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commits_that_are_dropped_at_their_first_poll_strand_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let (seams, store) = (Seams::tokio(), Embedded::open(folder.path()).expect("a new store"));
    let tasks = (0..32).map(|task| {
        let store = store.clone();
        async move {
            let key = Key::new("site", &format!("{task}"));
            for round in 0..10 {
                let dropped = put(&key, format!("dropped {round}"), Expect::Anything);
                _ = pin!(store.commit(dropped)).poll(&mut Context::from_waker(Waker::noop()));
                let kept = put(&key, format!("kept {round}"), Expect::Anything);
                assert!(matches!(store.commit(kept).await, Ok(Commit::Committed(_))));
            }
            store.read(&[key]).await.expect("open").1[0].value.clone()
        }
    });
    let values = side_by_side(&seams, tasks).await;
    assert!(
        values.iter().all(|value| value == "kept 9"),
        "in the order in which they were asked: {values:?}"
    );
}

/// The executor that leads for others is shut down in the middle.
#[test]
fn a_runtime_that_goes_away_strands_nobody_on_another_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let (first, second) = (runtime(), runtime());
    let store = first.block_on(async { Embedded::open(folder.path()).expect("a new store") });
    let commits = |store: Embedded, who: &'static str| async move {
        for round in 0..200 {
            let key = Key::new("site", &format!("{who}-{}", round % 9));
            store.commit(put(&key, round.to_string(), Expect::Anything)).await.expect("a sync");
        }
    };
    for _ in 0..8 {
        let seams = first.block_on(async { Seams::tokio() });
        seams.spawn("first", commits(store.clone(), "first"));
    }
    second.block_on(async {
        let seams = Seams::tokio();
        let tasks = (0..8).map(|_| commits(store.clone(), "second"));
        // While they run, the runtime that the store was opened on goes away.
        seams.spawn_blocking("shut down", move || first.shutdown_background());
        assert_eq!(side_by_side(&seams, tasks).await.len(), 8);
        store.commit(put(&Key::new("site", "last"), "x".into(), Expect::Absent)).await.expect("a sync");
    });
}
