//! Subscriptions that are closed by others.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use parking_lot::Mutex;
use trimtab_seams::{Seams, virtual_time};
use trimtab_stream::{
    Closed, EventPublisher, Message, PublishError, SubscribeError, SubscribeRequest, Subscription, TopicSpec,
};

use crate::ledger::{Ledger, Line, changes, drain, line};

fn all() -> SubscribeRequest {
    SubscribeRequest::all("orders")
}

/// behaviour S8
#[tokio::test]
async fn a_close_beats_what_waits_and_the_same_reason_is_given_for_ever() {
    let ledger = Ledger::new(&Seams::tokio());
    ledger.commit([line("orders", "a", 1)]);
    let mut in_snapshot = ledger.subscribe(all());
    let mut with_events = ledger.subscribe(all().resume_at(1));
    let mut to_announce = ledger.subscribe(all().resume_at(77));
    let mut of_another_topic = ledger.subscribe(SubscribeRequest::all("users"));
    ledger.commit([line("orders", "a", 2)]);
    ledger.publisher.refresh(&"orders".into()).unwrap();
    for subscription in [&mut in_snapshot, &mut with_events, &mut to_announce] {
        assert_eq!(subscription.next().await, Err(Closed::TopicRefreshed));
    }
    assert_eq!(of_another_topic.next().await, Ok(Message::EndOfSnapshot(1)));
    ledger.publisher.shutdown();
    assert_eq!(with_events.next().await, Err(Closed::TopicRefreshed), "the first reason stands");
    assert_eq!(of_another_topic.next().await, Err(Closed::ShuttingDown));
}

/// behaviour S8
#[tokio::test]
async fn after_a_refresh_whatever_index_is_asked_for_a_new_snapshot_comes() {
    let ledger = Ledger::new(&Seams::tokio());
    ledger.commit([line("orders", "a", 1)]);
    ledger.commit([line("orders", "a", 2)]);
    ledger.publisher.refresh(&"orders".into()).unwrap();
    ledger.publisher.refresh(&"unheard of".into()).unwrap();
    for topic in ["orders", "unheard of"] {
        let resumed = SubscribeRequest::all(topic).resume_at(2);
        assert_eq!(drain(&mut ledger.subscribe(resumed))[0], Message::NewSnapshotToFollow);
    }
    let mut again = ledger.subscribe(all());
    ledger.commit([line("orders", "a", 3)]);
    assert_eq!(drain(&mut again).last(), Some(&changes(3, [line("orders", "a", 3)])));
    assert_eq!(drain(&mut ledger.subscribe(all().resume_at(3))), []);
}

/// behaviour S8: the store was replaced by another, whose indexes begin anew.
#[tokio::test]
async fn a_reset_closes_every_topic_and_lets_indexes_begin_anew() {
    let state = Arc::new(Mutex::new((900, 7)));
    let read = Arc::clone(&state);
    let publisher = EventPublisher::on_demand(&Seams::tokio(), move |topic| {
        let (topic, read) = (topic.clone(), Arc::clone(&read));
        Some(TopicSpec::new(topic.clone(), move |_| {
            let (index, value) = *read.lock();
            (index, [line(topic.as_str(), "a", value)])
        }))
    });
    publisher.publish(899, [line("orders", "a", 6)]).unwrap();
    publisher.publish(900, [line("orders", "a", 7)]).unwrap();
    let mut old = publisher.subscribe(all().resume_at(899)).unwrap();
    *state.lock() = (30, 1);
    publisher.reset(30);
    assert_eq!((publisher.index(), old.try_next()), (30, Err(Closed::TopicRefreshed)));
    for stale in [899, 900, 30, 1] {
        let mut new = publisher.subscribe(all().resume_at(stale)).unwrap();
        assert_eq!(
            drain(&mut new),
            [Message::NewSnapshotToFollow, changes(30, [line("orders", "a", 1)]), Message::EndOfSnapshot(30)],
            "at {stale}"
        );
    }
    let mut new = publisher.subscribe(all()).unwrap();
    publisher.publish(31, [line("orders", "a", 2)]).unwrap();
    assert_eq!(drain(&mut new).last(), Some(&changes(31, [line("orders", "a", 2)])));
    assert_eq!(drain(&mut publisher.subscribe(all().resume_at(31)).unwrap()), []);
}

/// behaviour S8
#[tokio::test]
async fn closing_a_token_closes_its_subscriptions_and_no_others() {
    let ledger = Ledger::new(&Seams::tokio());
    let mut mine = ledger.subscribe(all().with_token("mine"));
    let mut also_mine = ledger.subscribe(SubscribeRequest::all("users").with_token("mine"));
    let mut theirs = ledger.subscribe(all().with_token("theirs"));
    let mut nobodys = ledger.subscribe(all());
    ledger.commit([line("orders", "a", 1)]);
    ledger.publisher.close_token(&"mine".into());
    ledger.publisher.close_token(&"unheard of".into());
    assert_eq!(mine.next().await, Err(Closed::TokenClosed));
    assert_eq!(also_mine.next().await, Err(Closed::TokenClosed));
    assert_eq!((drain(&mut theirs).len(), drain(&mut nobodys).len()), (2, 2));
    let mut with_new_rights = ledger.subscribe(all().with_token("mine"));
    assert_eq!(drain(&mut with_new_rights).len(), 2);
}

/// behaviour S8
#[test]
fn a_token_is_not_shown() {
    let request = all().with_token("secret");
    assert!(!format!("{request:?}").contains("secret"));
}

/// behaviour S9
#[tokio::test]
async fn shutdown_closes_every_subscription_and_takes_no_more() {
    let ledger = Ledger::new(&Seams::tokio());
    let mut subscription = ledger.subscribe(all());
    ledger.commit([line("orders", "a", 1)]);
    ledger.publisher.shutdown();
    ledger.publisher.shutdown();
    assert_eq!(subscription.next().await, Err(Closed::ShuttingDown));
    assert_eq!(subscription.next().await, Err(Closed::ShuttingDown));
    assert_eq!(ledger.publisher.publish(2, [line("orders", "a", 2)]), Err(PublishError::ShuttingDown));
    assert_eq!(ledger.publisher.subscribe(all()).unwrap_err(), SubscribeError::ShuttingDown);
}

/// behaviour S9
#[tokio::test]
async fn dropping_the_last_handle_is_a_shutdown() {
    let ledger = Ledger::new(&Seams::tokio());
    let mut subscription = ledger.subscribe(all());
    let other = ledger.publisher.clone();
    drop(ledger);
    assert_eq!(subscription.next().await, Ok(Message::EndOfSnapshot(0)));
    drop(other);
    assert_eq!(subscription.next().await, Err(Closed::ShuttingDown));
}

/// behaviour S8, S9: few and many who wait are woken by every way to close.
///
/// Shutdown once let up to four of them sleep for ever: it cleared the topic as a reset does, which hands back the few wakers to be woken, and
/// dropped what it was handed. Now it takes all wakers by itself, and the type says that it must be used.
#[test]
fn whoever_waits_is_woken_by_a_close() {
    type Way = fn(&Ledger);
    let ways: [(Way, Closed); 4] = [
        (|ledger| ledger.publisher.refresh(&"orders".into()).unwrap(), Closed::TopicRefreshed),
        (|ledger| ledger.publisher.reset(5), Closed::TopicRefreshed),
        (|ledger| ledger.publisher.close_token(&"mine".into()), Closed::TokenClosed),
        (|ledger| ledger.publisher.shutdown(), Closed::ShuttingDown),
    ];
    for (seed, (close, reason)) in (1..).zip(ways) {
        for waiting in [1, 4, 5, 300] {
            let ended = virtual_time::run(seed, async |seams| {
                let ledger = Ledger::new(&seams);
                let ended = Arc::new(Mutex::new(Vec::new()));
                for _ in 0..waiting {
                    let mut subscription = ledger.subscribe(all().with_token("mine"));
                    let ended = Arc::clone(&ended);
                    seams.spawn("reader", async move {
                        while subscription.next().await.is_ok() {}
                        ended.lock().push(subscription.closed());
                    });
                }
                seams.sleep(std::time::Duration::from_secs(1)).await;
                close(&ledger);
                seams.sleep(std::time::Duration::from_secs(1)).await;
                std::mem::take(&mut *ended.lock())
            });
            assert_eq!(ended, vec![Some(reason); waiting]);
        }
    }
}

/// behaviour S8
#[tokio::test]
async fn as_a_stream_it_tells_the_reason_once_and_then_ends() {
    let ledger = Ledger::new(&Seams::tokio());
    let mut subscription = ledger.subscribe(all());
    let mut cx = Context::from_waker(Waker::noop());
    let mut poll = |s: &mut Subscription<Line>| Stream::poll_next(std::pin::Pin::new(s), &mut cx);
    assert_eq!(poll(&mut subscription), Poll::Ready(Some(Ok(Message::EndOfSnapshot(0)))));
    assert_eq!(poll(&mut subscription), Poll::Pending);
    ledger.publisher.shutdown();
    assert_eq!(poll(&mut subscription), Poll::Ready(Some(Err(Closed::ShuttingDown))));
    assert_eq!(poll(&mut subscription), Poll::Ready(None));
}

#[test]
fn a_reason_says_what_to_do_next() {
    assert_eq!(
        Closed::Lagged.to_string(),
        "keep up with the stream: events after the last one taken are gone; subscribe again for a new snapshot"
    );
}
