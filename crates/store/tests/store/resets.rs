//! Histories that end, and others that take their place.

use trimtab_backend::{
    Backend, Expect, FeedItem, FollowError, Index, Key, Memory, Operation, Part, Position, ResetReason,
    Transaction,
};
use trimtab_seams::{Seams, Seeded, virtual_time};
use trimtab_store::{AtLeastError, Closed, EntryEvent, Message, SubscribeRequest, Subscription};

use crate::faulty::Faulty;
use crate::scripted::{Scripted, batch, put, snapshot, spec};
use crate::{SECOND, Site, open, port, site};

/// The names of a batch with what became of them.
async fn next(subscription: &mut Subscription<EntryEvent>) -> Vec<String> {
    let Ok(Message::Changes { events, .. }) = subscription.next().await else { panic!("changes") };
    let port = |entry: &Option<trimtab_store::Entry>| {
        entry.as_ref().and_then(|entry| entry.typed::<Site>().ok()).map(|site| site.spec.port)
    };
    events.iter().map(|e| format!("{} {:?}>{:?}", e.key.name(), port(&e.old), port(&e.new))).collect()
}

/// A store with the id that this seed makes.
fn memory(seams: &Seams, seed: u64) -> Memory {
    Memory::with_seams(&seams.clone().with_random(Seeded::new(seed)))
}

/// guarantee W-b, fault F17
#[test]
fn what_vanished_while_the_history_was_compacted_becomes_deletes_with_the_last_value() {
    virtual_time::run(1, async |seams| {
        let backend = Faulty::new(Memory::with_seams(&seams).with_history(1, 0));
        let store = open(&seams, backend.clone()).await;
        store
            .commit([site("gone", 1).create(), site("kept", 2).create(), site("moved", 3).create()])
            .await
            .expect("committed");
        let mut subscription = store.subscribe(SubscribeRequest::all("site").resume_at(1)).expect("followed");
        let held = store.snapshot();

        backend.go_away(FollowError::UNREACHABLE);
        let other = open(&seams, backend.memory()).await;
        let gone = other.get::<Site>("gone").expect("followed").expect("there");
        let moved = other.get::<Site>("moved").expect("followed").expect("there");
        other.commit(gone.delete()).await.expect("deleted");
        other.commit(moved.delete()).await.expect("deleted");
        other.commit(site("moved", 33).create()).await.expect("created anew");
        let last = other.commit(site("new", 4).create()).await.expect("created").position();
        backend.memory().compact(last.index);
        assert_eq!(port(&store, "gone"), Some(1), "the view stands while the backend is away");
        backend.come_back();

        let changes = ["gone Some(1)>None", "moved Some(3)>None", "moved None>Some(33)", "new None>Some(4)"];
        assert_eq!(next(&mut subscription).await, changes);
        assert_eq!(store.position(), Some(last));
        assert_eq!(store.health().resets, 1);
        assert_eq!(held.get::<Site>("gone").expect("followed").map(|gone| gone.spec.port), Some(1));
    });
}

/// guarantee W-b, fault F18
#[test]
fn a_follower_that_was_too_slow_comes_to_the_same_view() {
    virtual_time::run(2, async |seams| {
        let backend = Memory::with_seams(&seams).with_history(1, 0);
        let store = open(&seams, backend.clone()).await;
        store.commit([site("a", 0).create(), site("b", 1).create()]).await.expect("committed");
        let value = |name| {
            store.entry(&Key::new("site", name)).expect("followed").expect("there").spec_record().value
        };
        let values = [value("a"), value("b")];
        // Commits in memory answer at once: the follower has no turn in between.
        for nth in 0..=500 {
            let (key, value) = (Key::new("site", "a"), values[nth % 2].clone());
            let put = Operation::Put { key, part: Part::Spec, value, expect: Expect::Anything };
            backend.commit(Transaction::of([put])).await.expect("committed");
        }
        store.at_least(store.head().await.expect("there")).await.expect("the same store");
        assert_eq!((port(&store, "a"), port(&store, "b")), (Some(0), Some(1)));
        assert_eq!(store.health().resets, 1, "it was told that it had missed something");
    });
}

/// guarantee W-b, behaviour S8
#[test]
fn an_index_that_went_back_clears_the_mark_and_subscribers_begin_anew() {
    virtual_time::run(3, async |seams| {
        let backend = Faulty::new(memory(&seams, 9));
        let store = open(&seams, backend.clone()).await;
        for port in 1..=5 {
            store.commit(site("a", port).apply()).await.expect("committed");
        }
        let mut subscription = store.subscribe(SubscribeRequest::all("site").resume_at(5)).expect("followed");
        let far = Position { index: Index::new(90), ..store.position().expect("open") };
        let waiting = store.clone();
        seams.spawn("waiter", async move {
            let error = waiting.at_least(far).await.expect_err("it will never come");
            assert!(matches!(error, AtLeastError::Reset { .. }), "{error}");
        });
        seams.sleep(SECOND).await;

        let older = memory(&seams, 9);
        let writer = open(&seams, older.clone()).await;
        writer.commit(site("b", 7).create()).await.expect("committed");
        backend.replace(older);
        assert_eq!(subscription.next().await, Err(Closed::TopicRefreshed));
        assert_eq!((port(&store, "a"), port(&store, "b")), (None, Some(7)));
        assert_eq!(store.position().map(|position| position.index), Some(Index::new(1)));

        let mut again = store.subscribe(SubscribeRequest::all("site").resume_at(5)).expect("followed");
        assert_eq!(again.next().await.expect("open"), Message::NewSnapshotToFollow);
        assert_eq!(next(&mut again).await, ["b None>Some(7)"]);
        // The index goes on from where the store is now, far below the old mark.
        store.commit(site("b", 8).apply()).await.expect("committed");
        assert_eq!(again.next().await.expect("open"), Message::EndOfSnapshot(1));
        assert_eq!(next(&mut again).await, ["b Some(7)>Some(8)"]);
    });
}

/// guarantee W-b
#[test]
fn another_store_at_the_same_address_is_another_history() {
    virtual_time::run(4, async |seams| {
        let backend = Faulty::new(memory(&seams, 1));
        let store = open(&seams, backend.clone()).await;
        let old = store.commit(site("a", 1).create()).await.expect("committed").position();
        let other = memory(&seams, 2);
        let writer = open(&seams, other.clone()).await;
        for port in 1..=3 {
            writer.commit(site("b", port).apply()).await.expect("committed");
        }
        backend.replace(other);
        seams.sleep(SECOND).await;
        assert_eq!((port(&store, "a"), port(&store, "b")), (None, Some(3)));
        let error = store.at_least(old).await.expect_err("of another store");
        assert!(matches!(error, AtLeastError::OtherStore { wanted, .. } if wanted == old), "{error}");
        assert_ne!(store.position().expect("open").store, old.store);
    });
}

/// settled, Positions: waiting across a reset ends with an error, unless the new view includes what was waited for.
/// behaviour C17
#[test]
fn waiting_across_a_reset_succeeds_only_if_the_new_view_includes_the_position() {
    virtual_time::run(5, async |seams| {
        let backend = Faulty::new(Memory::with_seams(&seams).with_history(1, 0));
        let store = open(&seams, backend.clone()).await;
        let first = store.commit(site("a", 1).create()).await.expect("committed").position();
        backend.go_away(FollowError::UNREACHABLE);
        let other = open(&seams, backend.memory()).await;
        for port in 2..=9 {
            other.commit(site("a", port).apply()).await.expect("committed");
        }
        let head = other.position().expect("open");
        backend.memory().compact(head.index);
        let waiting = store.clone();
        seams.spawn("waiter", async move {
            let snapshot = waiting.at_least(head).await.expect("the new view includes it");
            assert_eq!(snapshot.position(), Some(head));
        });
        seams.sleep(SECOND).await;
        backend.come_back();
        store.at_least(first).await.expect("the view included it all along");
        seams.sleep(60 * SECOND).await;
        assert_eq!(port(&store, "a"), Some(9));
    });
}

/// An entry that was made and deleted between the two views is in neither, so their difference does not tell its delete. Whoever saw it elsewhere
/// (another replica) and came here to go on was given that difference and held the entry for ever.
/// behaviour S3, S4
/// guarantee W-b
#[test]
fn nobody_resumes_between_the_view_that_was_lost_and_the_one_that_was_read_anew() {
    virtual_time::run(6, async |seams| {
        let (store, feed) = Scripted::default().open(&seams, vec![spec("a", 1, 1, 10)]).await;
        let mut going_on = store.subscribe(SubscribeRequest::all("site").resume_at(1)).expect("followed");
        snapshot(&feed, ResetReason::Compacted, vec![spec("a", 1, 5, 11)], 5);
        seams.sleep(SECOND).await;
        for elsewhere in 1..5 {
            let request = SubscribeRequest::all("site").resume_at(elsewhere);
            let mut resumed = store.subscribe(request).expect("followed");
            assert_eq!(resumed.next().await, Ok(Message::NewSnapshotToFollow), "from {elsewhere}");
        }
        assert_eq!(
            next(&mut going_on).await,
            ["a Some(10)>Some(11)"],
            "who held the old view needs no other"
        );
        let mut latest = store.subscribe(SubscribeRequest::all("site").resume_at(5)).expect("followed");
        batch(&feed, 5, 6, [put(spec("a", 1, 6, 12))]);
        assert_eq!(next(&mut latest).await, ["a Some(11)>Some(12)"]);
        assert_eq!(next(&mut going_on).await, ["a Some(11)>Some(12)"]);
    });
}

/// The first reason stood, whatever came after it: an older store that was put back while the view was being read anew, and that had passed the
/// view's index since, was told as if it were the same history further on.
/// fault F17, guarantee W-b
#[test]
fn an_index_that_goes_back_during_a_reset_is_another_history_all_the_same() {
    virtual_time::run(7, async |seams| {
        let (store, feed) = Scripted::default().open(&seams, vec![spec("a", 1, 1, 10)]).await;
        let mut subscription = store.subscribe(SubscribeRequest::all("site").resume_at(1)).expect("followed");
        feed.send(Ok(FeedItem::Reset { why: ResetReason::Overflow }));
        snapshot(&feed, ResetReason::IndexWentBack, vec![spec("a", 1, 5, 11)], 5);
        assert_eq!(subscription.next().await, Err(Closed::TopicRefreshed));
    });
}
