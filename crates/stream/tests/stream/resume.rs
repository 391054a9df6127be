//! Going on after an index.

use trimtab_seams::Seams;
use trimtab_stream::{EventPublisher, History, Message, SubscribeRequest, TopicSpec};

use crate::ledger::{Ledger, changes, drain, line};

fn resumed_at(index: u64) -> SubscribeRequest {
    SubscribeRequest::all("orders").resume_at(index)
}

fn kept(batches: usize) -> Ledger {
    let ledger = Ledger::new(&Seams::tokio());
    let _bounded = ledger.publisher.clone().with_history(History { batches, ..History::default() });
    ledger
}

/// behaviour S3
#[tokio::test]
async fn whoever_resumes_gets_every_change_after_the_index_and_no_other() {
    let ledger = Ledger::new(&Seams::tokio());
    for value in 1..=9 {
        ledger.commit([line(if value % 3 == 0 { "users" } else { "orders" }, "a", value)]);
    }
    for index in 1..=9 {
        let seen = drain(&mut ledger.subscribe(resumed_at(index)));
        let wanted: Vec<_> = (index + 1..=9).filter(|value| value % 3 != 0).collect();
        let wanted: Vec<_> =
            wanted.into_iter().map(|value| changes(value, [line("orders", "a", value)])).collect();
        assert_eq!(seen, wanted, "after {index}");
    }
}

/// behaviour S3: the topic need not have had a subscriber when the changes were made.
#[tokio::test]
async fn a_lone_subscriber_that_reconnects_misses_nothing() {
    let ledger = Ledger::new(&Seams::tokio());
    let mut first = ledger.subscribe(SubscribeRequest::all("orders"));
    ledger.commit([line("orders", "a", 1)]);
    drain(&mut first);
    let index = first.index();
    drop(first);
    ledger.commit([line("orders", "a", 2)]);
    assert_eq!(drain(&mut ledger.subscribe(resumed_at(index))), [changes(2, [line("orders", "a", 2)])]);
}

/// behaviour S4
#[tokio::test]
async fn a_stale_index_is_answered_with_a_new_snapshot_to_diff_against() {
    let ledger = kept(2);
    ledger.commit([line("orders", "a", 1), line("orders", "gone", 1)]);
    ledger.commit([line("orders", "gone", None)]);
    ledger.commit([line("orders", "b", 3)]);
    assert_eq!(drain(&mut ledger.subscribe(resumed_at(1))).len(), 2, "all after 1 is still held");
    ledger.commit([line("orders", "b", 4)]);
    let mut stale = ledger.subscribe(resumed_at(1));
    assert_eq!(stale.index(), 0);
    assert_eq!(
        drain(&mut stale),
        [
            Message::NewSnapshotToFollow,
            changes(4, [line("orders", "a", 1), line("orders", "b", 4)]),
            Message::EndOfSnapshot(4),
        ]
    );
    assert_eq!(stale.index(), 4);
}

/// behaviour S3, S4: what a busy topic pushes out does not make a quiet one stale; what was pushed out of the quiet one does.
#[tokio::test]
async fn an_index_is_stale_only_if_something_of_its_own_topic_is_gone() {
    let ledger = kept(3);
    ledger.commit([line("orders", "a", 1)]);
    let mut quiet = ledger.subscribe(resumed_at(1));
    for value in 2..=50 {
        ledger.commit([line("users", "a", value)]);
    }
    assert_eq!(drain(&mut quiet), []);
    assert_eq!(drain(&mut ledger.subscribe(resumed_at(1))), []);
    let none_yet = SubscribeRequest::all("never").resume_at(17);
    assert_eq!(drain(&mut ledger.subscribe(none_yet)), []);
    let busy = SubscribeRequest::all("users").resume_at(40);
    assert_eq!(drain(&mut ledger.subscribe(busy))[0], Message::NewSnapshotToFollow);
}

/// behaviour S4
#[tokio::test]
async fn what_was_before_the_first_publish_is_not_known_unless_told() {
    let seams = Seams::tokio();
    let spec = || TopicSpec::new("orders", |_| (500, [line("orders", "a", 500)]));
    let untold = EventPublisher::new(&seams, [spec()]);
    let told = EventPublisher::new(&seams, [spec()]).starting_at(500);
    let first = |publisher: &EventPublisher<_>, index| {
        publisher.subscribe(resumed_at(index)).unwrap().try_next().unwrap()
    };
    assert_eq!(first(&untold, 500), Some(Message::NewSnapshotToFollow));
    assert_eq!(first(&told, 500), None);
    for publisher in [&untold, &told] {
        publisher.publish(502, [line("orders", "a", 502)]).unwrap();
        assert_eq!(first(publisher, 499), Some(Message::NewSnapshotToFollow));
        assert_eq!(first(publisher, 501), Some(changes(502, [line("orders", "a", 502)])));
    }
    assert_eq!(first(&untold, 500), Some(Message::NewSnapshotToFollow));
    assert_eq!(first(&told, 500), Some(changes(502, [line("orders", "a", 502)])));
}

/// behaviour S4
#[tokio::test]
async fn an_index_that_was_never_published_here_is_answered_with_a_new_snapshot() {
    let ledger = Ledger::new(&Seams::tokio());
    ledger.commit([line("orders", "a", 1)]);
    let seen = drain(&mut ledger.subscribe(resumed_at(900)));
    assert_eq!(seen[0], Message::NewSnapshotToFollow);
    assert_eq!(seen[2], Message::EndOfSnapshot(1));
}

/// behaviour S3, S4: a state that was read anew differs from the last one by more than the difference tells; what came and went in between is in
/// neither.
#[tokio::test]
async fn nobody_resumes_below_a_state_that_was_read_anew_and_open_subscriptions_go_on() {
    let ledger = Ledger::new(&Seams::tokio());
    for value in 1..=2 {
        ledger.commit([line("orders", "a", value)]);
    }
    let mut going_on = ledger.subscribe(resumed_at(2));
    let (index, difference) = ledger.apply([line("orders", "a", 9)]);
    ledger.publisher.resumable_from(index);
    let stale = || drain(&mut ledger.subscribe(resumed_at(2))).remove(0);
    assert_eq!(stale(), Message::NewSnapshotToFollow);
    ledger.publisher.publish(index, difference).unwrap();
    assert_eq!(stale(), Message::NewSnapshotToFollow);
    assert_eq!(drain(&mut going_on), [changes(index, [line("orders", "a", 9)])]);
    assert_eq!(drain(&mut ledger.subscribe(resumed_at(index))), []);
}
