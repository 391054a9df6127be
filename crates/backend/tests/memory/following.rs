//! What Memory tells its followers, and when it wakes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_backend::{
    Backend, Check, Commit, CommitError, Expect, FeedItem, FollowError, Index, Key, Memory, Operation, Part,
    Position, ResetReason, Scope, Transaction, Why,
};
use trimtab_seams::{Seams, virtual_time};

use super::{View, key, now, poll, put, run};

/// contract F1, F2, guarantee W-a
#[test]
fn concurrent_followers_and_writers_agree_in_the_end() {
    for seed in 0..10 {
        virtual_time::run(seed, async |seams| {
            let memory = Memory::with_seams(&seams).with_history(10, 0);
            let views: Arc<Mutex<Vec<View>>> = Arc::default();
            for _ in 0..4 {
                let (memory, seams_of_writer) = (memory.clone(), seams.clone());
                seams.spawn("writer", async move {
                    for n in 0..200 {
                        let which = usize::try_from(seams_of_writer.random() % 50).expect("small");
                        let delete = Operation::Delete { key: key(which + 50), expect: Expect::Anything };
                        run(&memory, [put(which, &n.to_string()), delete]).await;
                        run(&memory, [put(which + 50, "1")]).await;
                        seams_of_writer.sleep(seams_of_writer.random_below(Duration::from_millis(9))).await;
                    }
                });
            }
            for n in 0..4_usize {
                views.lock().push(View::default());
                let (memory, views, seams_of_reader) = (memory.clone(), Arc::clone(&views), seams.clone());
                seams.spawn("follower", async move {
                    let mut feed = memory.follow(Scope::All, None).await.expect("open");
                    while let Ok(item) = feed.next().await {
                        views.lock()[n].take(item);
                        // The third is slow: it overflows again and again.
                        if n == 2 {
                            seams_of_reader.sleep(Duration::from_millis(40)).await;
                        }
                    }
                });
            }
            seams.sleep(Duration::from_secs(60)).await;
            let (head, records) = memory.read(&(0..100).map(key).collect::<Vec<_>>()).await.expect("open");
            assert_eq!(head.index.get(), 1600);
            let mut expected: Vec<_> = records;
            expected.sort_by(|a, b| (&a.key, a.part).cmp(&(&b.key, b.part)));
            let views = views.lock();
            for view in views.iter() {
                assert_eq!(view.records.values().cloned().collect::<Vec<_>>(), expected);
            }
            assert!(views[2].resets.contains(&ResetReason::Overflow), "{:?}", views[2].resets);
        });
    }
}

/// A snapshot that the history overtakes is begun anew with larger steps: against a writer that commits between any two of its steps, on a
/// history that holds less than the snapshot takes, fixed steps never came to an end.
#[test]
fn a_snapshot_ends_however_fast_the_writer_is() {
    let memory = Memory::new().with_history(8, 0);
    for chunk in (0..20_000).collect::<Vec<_>>().chunks(60) {
        now(run(&memory, chunk.iter().map(|&n| put(n, "1"))));
    }
    let mut feed = now(memory.follow(Scope::All, None)).expect("open");
    let (mut view, mut items) = (View::default(), 0);
    while view.at.is_none() {
        now(run(&memory, [put(items, "2")]));
        now(run(&memory, [put(19_999 - items, "2")]));
        let Poll::Ready(item) = poll(&mut feed, Waker::noop()) else { panic!("a snapshot never waits") };
        view.take(item.expect("open"));
        items += 1;
        assert!(items < 200, "no end after {items} items");
    }
    view.drain(&mut feed);
    assert_eq!(view.records.len(), 20_000);
    assert!(view.resets.len() > 1, "it was overtaken");
}

/// contract test 40
#[test]
fn a_follower_that_falls_out_of_the_history_goes_on_with_a_snapshot_on_the_same_feed() {
    let memory = Memory::new().with_history(3, 0);
    let mut feed = now(memory.follow(Scope::All, None)).expect("open");
    let mut view = View::default();
    view.drain(&mut feed);
    for n in 0..5 {
        now(run(&memory, [put(n, "1")]));
    }
    view.drain(&mut feed);
    assert_eq!(view.resets, [ResetReason::First, ResetReason::Overflow]);
    assert_eq!((view.records.len(), view.at), (5, Some(Index::new(5))));
}

/// A history of 1,000 commits is kept whatever their size, and beyond that what fits into 16 MiB.
#[test]
fn the_history_keeps_a_thousand_commits_and_sixteen_mebibytes() {
    let resumes = |memory: &Memory, after: u64| {
        let (head, _) = now(memory.read(&[])).expect("open");
        let mut feed = now(memory.follow(Scope::All, Some(Position { index: Index::new(after), ..head })))
            .expect("open");
        !matches!(
            poll(&mut feed, Waker::noop()),
            Poll::Ready(Ok(FeedItem::Reset { why: ResetReason::Compacted }))
        )
    };
    let large = Memory::new();
    let value = "a".repeat(100_000);
    for n in 0..1100 {
        now(run(&large, [put(n % 10, &value)]));
    }
    assert!(resumes(&large, 100) && !resumes(&large, 99), "110 MB of commits: a thousand are kept");
    let small = Memory::new();
    for n in 0..5000 {
        now(run(&small, [put(n % 10, "a")]));
    }
    assert!(resumes(&small, 0), "less than 16 MiB: all are kept");
    let full = Memory::new().with_history(1, 0).with_full_history();
    for n in 0..5000 {
        now(run(&full, [put(n % 10, "a")]));
    }
    assert!(resumes(&full, 0));
    full.compact(Index::new(4000));
    assert!(resumes(&full, 4000) && !resumes(&full, 3999));
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// contract test 39
#[test]
fn a_follower_is_woken_by_commits_in_its_scope_alone() {
    let memory = Memory::new().with_history(2, 0);
    let mut feed = now(memory.follow(Scope::Kind("page".into()), None)).expect("open");
    let mut view = View::default();
    view.drain(&mut feed);
    let counter = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&counter));
    assert!(poll(&mut feed, &waker).is_pending());
    for n in 0..100 {
        now(run(&memory, [put(n, "1")]));
    }
    assert_eq!(counter.0.load(Ordering::Relaxed), 0);
    // Though the history has long moved past what it was told last, it has missed nothing.
    let page = Operation::Put {
        key: Key::new("page", "1"),
        part: Part::Spec,
        value: "".into(),
        expect: Expect::Absent,
    };
    now(run(&memory, [page, put(1, "2")]));
    assert_eq!(counter.0.load(Ordering::Relaxed), 1);
    view.drain(&mut feed);
    assert_eq!((view.records.len(), view.resets.len()), (1, 1));
}

/// A commit that deletes what is not there changes nothing, and everybody sees it come by.
#[test]
fn a_commit_without_changes_is_progress() {
    let memory = Memory::new();
    let mut feed = now(memory.follow(Scope::Kind("page".into()), None)).expect("open");
    View::default().drain(&mut feed);
    let at = now(run(&memory, [Operation::Delete { key: key(1), expect: Expect::Anything }]));
    let Poll::Ready(Ok(FeedItem::Batch { upto, changes, .. })) = poll(&mut feed, Waker::noop()) else {
        panic!("no progress")
    };
    assert!(upto == at && changes.is_empty());
}

#[test]
fn the_changes_of_a_commit_are_shared_not_copied() {
    let memory = Memory::new();
    let mut feeds =
        [Scope::All, Scope::Kind("site".into())].map(|scope| now(memory.follow(scope, None)).expect("open"));
    for feed in &mut feeds {
        View::default().drain(feed);
    }
    now(run(&memory, [put(1, "1"), put(2, "2")]));
    let [one, two] = feeds.each_mut().map(|feed| match poll(feed, Waker::noop()) {
        Poll::Ready(Ok(FeedItem::Batch { changes, .. })) => changes,
        other => panic!("not a batch: {other:?}"),
    });
    assert!(Arc::ptr_eq(&one, &two));
}

/// behaviour E3
#[test]
fn after_close_everything_is_unavailable_and_feeds_end() {
    virtual_time::run(1, async |seams| {
        let memory = Memory::with_seams(&seams);
        let mut feed = memory.follow(Scope::All, None).await.expect("open");
        View::default().drain(&mut feed);
        let closing = memory.clone();
        seams.spawn("closer", async move {
            closing.close().await;
            closing.close().await;
        });
        // It waits when the store is closed, and is woken by that.
        assert_eq!(feed.next().await, Err(FollowError::UNREACHABLE));
        let gone =
            |error: &CommitError| matches!(error, CommitError::Unavailable { why: Why::Unreachable, .. });
        assert!(memory.commit(Transaction::of([put(1, "1")])).await.is_err_and(|error| gone(&error)));
        assert!(memory.commit(Transaction::default()).await.is_err_and(|error| gone(&error)));
        assert_eq!(memory.read(&[]).await.expect_err("closed"), FollowError::UNREACHABLE);
        assert_eq!(memory.follow(Scope::All, None).await.expect_err("closed"), FollowError::UNREACHABLE);
    });
}

/// contract I1
#[test]
fn each_store_has_an_id_of_its_own_and_the_same_seams_the_same() {
    let id = |memory: &Memory| now(memory.read(&[])).expect("open").0.store;
    assert_ne!(id(&Memory::new()), id(&Memory::new()));
    let one = Memory::default();
    assert_eq!(id(&one), id(&one.clone()), "a clone is a handle to the same store");
    let seeded = |seed| virtual_time::run(seed, async |seams: Seams| id(&Memory::with_seams(&seams)));
    assert_eq!(seeded(1), seeded(1));
    assert_ne!(seeded(1), seeded(2));
}

/// contract T4
#[test]
fn a_transaction_without_operations_uses_no_index() {
    let memory = Memory::new();
    let at = now(run(&memory, [put(1, "1")]));
    let checks = Transaction::default().checking(Check {
        key: key(1),
        part: Part::Spec,
        expect: Expect::At(at.index),
    });
    assert_eq!(now(memory.commit(checks)).expect("it holds"), Commit::Unchanged(at));
    assert_eq!(now(run(&memory, [put(1, "1")])).index, at.index.next(), "an equal put is a commit");
}
