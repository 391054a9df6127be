//! Snapshots, their end, and what follows them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trimtab_seams::Seams;
use trimtab_stream::{EventPublisher, Message, SubscribeRequest, TopicSpec};

use crate::ledger::{Ledger, Line, changes, drain, line};

/// behaviour S2
#[tokio::test]
async fn from_index_0_come_the_snapshot_its_end_and_then_what_changes_each_once() {
    let ledger = Ledger::new(&Seams::tokio());
    ledger.commit([line("orders", "a", 1), line("orders", "b", 1)]);
    ledger.commit([line("orders", "a", 2)]);
    let mut subscription = ledger.subscribe(SubscribeRequest::all("orders"));
    assert_eq!(subscription.index(), 0);
    ledger.commit([line("orders", "c", 3)]);
    let seen = drain(&mut subscription);
    assert_eq!(
        seen,
        [
            changes(2, [line("orders", "a", 2), line("orders", "b", 1)]),
            Message::EndOfSnapshot(2),
            changes(3, [line("orders", "c", 3)]),
        ]
    );
    assert_eq!(subscription.index(), 3);
}

/// behaviour S2
#[tokio::test]
async fn of_nothing_there_is_only_the_end_of_the_snapshot() {
    let ledger = Ledger::new(&Seams::tokio());
    let mut subscription = ledger.subscribe(SubscribeRequest::all("orders"));
    assert_eq!(drain(&mut subscription), [Message::EndOfSnapshot(0)]);
    ledger.commit([line("orders", "a", 1)]);
    assert_eq!(drain(&mut subscription), [changes(1, [line("orders", "a", 1)])]);
}

/// behaviour S2: the state may show a commit before it is published, and the history may hold it already when the snapshot does not.
#[tokio::test]
async fn a_snapshot_ahead_of_what_was_published_is_not_told_twice_and_one_behind_it_misses_nothing() {
    let ledger = Ledger::new(&Seams::tokio());
    ledger.commit([line("orders", "a", 1)]);
    let (index, unpublished) = ledger.apply([line("orders", "a", 2)]);
    let mut ahead = ledger.subscribe(SubscribeRequest::all("orders"));
    ledger.publisher.publish(index, unpublished).unwrap();
    ledger.commit([line("orders", "a", 3)]);
    assert_eq!(
        drain(&mut ahead),
        [
            changes(2, [line("orders", "a", 2)]),
            Message::EndOfSnapshot(2),
            changes(3, [line("orders", "a", 3)])
        ]
    );

    let behind = TopicSpec::new("orders", |_| (1, [line("orders", "a", 1)]));
    let publisher = EventPublisher::new(&Seams::tokio(), [behind]);
    publisher.publish(1, [line("orders", "a", 1)]).unwrap();
    publisher.publish(2, [line("orders", "a", 2)]).unwrap();
    let mut behind = publisher.subscribe(SubscribeRequest::all("orders")).unwrap();
    assert_eq!(
        drain(&mut behind),
        [
            changes(1, [line("orders", "a", 1)]),
            Message::EndOfSnapshot(1),
            changes(2, [line("orders", "a", 2)])
        ]
    );
}

/// behaviour S5
#[tokio::test]
async fn all_changes_of_one_commit_arrive_as_one_message_and_uncopied_where_all_were_asked_for() {
    let ledger = Ledger::new(&Seams::tokio());
    let mut all = ledger.subscribe(SubscribeRequest::all("orders"));
    let mut one = ledger.subscribe(SubscribeRequest::one("orders", "a"));
    let whole: Arc<[Line]> =
        Arc::from([line("orders", "a", 1), line("orders", "b", 1), line("orders", "a", 2)]);
    ledger.commit(Arc::clone(&whole));
    let of_a: Arc<[Line]> = Arc::from([line("orders", "a", 3), line("orders", "a", 4)]);
    ledger.commit(Arc::clone(&of_a));
    ledger.commit([
        line("users", "a", 5),
        line("orders", "b", 5),
        line("users", "b", 5),
        line("orders", "c", 5),
    ]);

    let Message::Changes { index: 1, events } = &drain(&mut all)[1] else { panic!("one message a commit") };
    assert!(Arc::ptr_eq(events, &whole), "what was published is what is given");
    let of_one = drain(&mut one);
    assert_eq!(of_one[1], changes(1, [line("orders", "a", 1), line("orders", "a", 2)]));
    let Message::Changes { index: 2, events } = &of_one[2] else { panic!("one message a commit") };
    assert!(Arc::ptr_eq(events, &of_a), "all of it was asked for");
    assert_eq!(of_one.len(), 3);

    let mut resumed = ledger.subscribe(SubscribeRequest::all("orders").resume_at(2));
    assert_eq!(drain(&mut resumed), [changes(3, [line("orders", "b", 5), line("orders", "c", 5)])]);
}

/// behaviour S6: were any lock of the publisher held while a snapshot is taken or drawn from, this would not end.
#[tokio::test]
async fn a_snapshot_is_taken_and_read_without_a_lock_that_a_publisher_needs() {
    let ledger = Ledger::new(&Seams::tokio());
    let inner = ledger.clone();
    let spec = TopicSpec::new("outer", move |_| {
        inner.commit([line("orders", "taken", 1)]);
        let inner = inner.clone();
        (
            1,
            (0..1_000).map(move |value| {
                let index = inner.commit([line("orders", "drawn", value)]);
                drop(inner.subscribe(SubscribeRequest::all("orders").resume_at(index)));
                line("outer", "x", value)
            }),
        )
    });
    let outer = EventPublisher::new(&Seams::tokio(), [spec]);
    let mut subscription = outer.subscribe(SubscribeRequest::all("outer")).unwrap();
    outer.publish(1, [line("outer", "x", 0)]).unwrap();
    assert_eq!(drain(&mut subscription).last(), Some(&Message::EndOfSnapshot(1)));
    assert_eq!(ledger.publisher.index(), 1_001);
}

/// behaviour S6: a snapshot of many events is made as it is read, not before.
#[tokio::test]
async fn a_snapshot_is_made_lazily_in_chunks() {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let spec = TopicSpec::new("numbers", move |_| {
        let counted = Arc::clone(&counted);
        (
            1,
            (0..1_000)
                .inspect(move |_| _ = counted.fetch_add(1, Ordering::Relaxed))
                .map(|n| line("numbers", "n", n)),
        )
    });
    let publisher = EventPublisher::new(&Seams::tokio(), [spec]);
    let mut subscription = publisher.subscribe(SubscribeRequest::all("numbers")).unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 0);
    let mut read = 0;
    while let Some(Message::Changes { index: 1, events }) = subscription.try_next().unwrap() {
        read += events.len();
        assert_eq!(made.load(Ordering::Relaxed), read, "no more is made than was read");
        assert!(events.len() <= 256);
    }
    assert_eq!(read, 1_000);

    let mut of_none = publisher.subscribe(SubscribeRequest::one("numbers", "other")).unwrap();
    assert_eq!(
        drain(&mut of_none),
        [Message::EndOfSnapshot(1)],
        "what the handler gave too much is left out"
    );
}
