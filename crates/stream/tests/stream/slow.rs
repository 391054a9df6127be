//! Subscribers that do not keep up.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_seams::{Seams, virtual_time};
use trimtab_stream::{Closed, Event, EventPublisher, History, Message, SubscribeRequest, TopicSpec};

use crate::ledger::{Ledger, Line, line};

const SECOND: Duration = Duration::from_secs(1);

fn publisher<P: Clone + Send + Sync + 'static>(seams: &Seams, history: History) -> EventPublisher<Event<P>> {
    let spec = |topic| TopicSpec::new(topic, |_| (0, []));
    EventPublisher::new(seams, [spec("orders"), spec("users"), spec("stock")]).with_history(history)
}

/// behaviour S7
#[tokio::test]
async fn a_slow_subscriber_blocks_nobody_and_ends_as_lagged_when_what_it_would_read_next_is_gone() {
    let ledger = Ledger::new(&Seams::tokio());
    let _bounded = ledger.publisher.clone().with_history(History { batches: 8, ..History::default() });
    let subscribe = |index| ledger.subscribe(SubscribeRequest::all("orders").resume_at(index));
    let commit = |count| {
        for value in 0..count {
            ledger.commit([line("orders", "a", value)]);
        }
    };
    commit(1);
    let (mut slow, mut slower) = (subscribe(1), subscribe(1));
    commit(8);
    assert!(matches!(slow.try_next(), Ok(Some(Message::Changes { index: 2, .. }))), "eight are held");
    commit(1);
    assert_eq!(slower.try_next(), Err(Closed::Lagged));
    assert!(matches!(slow.try_next(), Ok(Some(Message::Changes { index: 3, .. }))));
    commit(2);
    assert_eq!(slow.try_next(), Err(Closed::Lagged));
    assert_eq!((slow.closed(), slow.index()), (Some(Closed::Lagged), 3));
    let mut again = subscribe(slow.index());
    assert_eq!(again.try_next(), Ok(Some(Message::NewSnapshotToFollow)));
    assert!(matches!(again.try_next(), Ok(Some(Message::Changes { index: 12, .. }))));
    assert_eq!(again.try_next(), Ok(Some(Message::EndOfSnapshot(12))));
}

/// behaviour S7
#[tokio::test]
async fn memory_is_bounded_by_bytes_over_all_topics_however_slow_the_subscribers() {
    let publisher = publisher(&Seams::tokio(), History { bytes: 100_000, ..History::default() });
    let stalled: Vec<_> = ["orders", "users"]
        .map(|topic| publisher.subscribe(SubscribeRequest::all(topic)).unwrap())
        .into_iter()
        .collect();
    let mut held: Vec<Weak<[u8]>> = Vec::new();
    for index in 1..=1_000 {
        let bytes: Arc<[u8]> = Arc::from([0; 1_000]);
        held.push(Arc::downgrade(&bytes));
        let topic = if index % 2 == 0 { "orders" } else { "users" };
        let event = |topic| Event::new(topic, "a", Arc::clone(&bytes)).with_bytes(1_000);
        match index % 5 {
            0 => publisher.publish(index, [event("orders"), event("users")]).unwrap(),
            _ => publisher.publish(index, [event(topic)]).unwrap(),
        }
        held.retain(|held| held.strong_count() > 0);
        assert!(held.len() <= 100, "{} kilobytes are held", held.len());
    }
    assert!(held.len() >= 60, "the bound is made use of");
    drop(stalled);
}

/// behaviour S7: a commit of several topics is held once and counted once.
#[test]
fn the_bytes_of_a_commit_of_several_topics_count_once() {
    let publisher = publisher(&Seams::tokio(), History { bytes: 10_000, ..History::default() });
    let mut held: Vec<Weak<()>> = Vec::new();
    for index in 1..=10 {
        let payload = Arc::new(());
        held.push(Arc::downgrade(&payload));
        let event = |topic| Event::new(topic, "a", Arc::clone(&payload)).with_bytes(1_000);
        publisher.publish(index, [event("orders"), event("users"), event("stock")]).unwrap();
    }
    let held: Vec<_> = held.iter().map(|held| held.strong_count() > 0).collect();
    assert_eq!(
        held,
        [[false; 7].as_slice(), &[true; 3]].concat(),
        "3 x 3,000 bytes and what they cost beside"
    );
}

/// behaviour S7
#[tokio::test]
async fn the_newest_batch_is_held_even_if_it_alone_passes_the_bounds() {
    let publisher = publisher(&Seams::tokio(), History { bytes: 10, batches: 0 });
    let topics = ["orders", "users", "stock"];
    let mut subscriptions = topics.map(|topic| publisher.subscribe(SubscribeRequest::all(topic)).unwrap());
    for subscription in &mut subscriptions {
        assert_eq!(subscription.try_next(), Ok(Some(Message::EndOfSnapshot(0))));
    }
    for index in 1..=3 {
        let big = topics.map(|topic| Event::new(topic, "a", index).with_bytes(1_000_000));
        publisher.publish(index, big).unwrap();
        for subscription in &mut subscriptions {
            let message = subscription.try_next();
            assert!(
                matches!(message, Ok(Some(Message::Changes { index: at, .. })) if at == index),
                "{message:?}"
            );
        }
    }
}

/// A topic whose latest snapshot can be seen to be pinned: by the strong count of what it pins.
fn pinning_topic(topic: &'static str, pinned: &Arc<Mutex<Weak<()>>>) -> TopicSpec<Line> {
    let pinned = Arc::clone(pinned);
    TopicSpec::new(topic, move |_| {
        let pin = Arc::new(());
        *pinned.lock() = Arc::downgrade(&pin);
        let numbers = (0..100_000).map(move |number| {
            std::hint::black_box(&pin);
            line(topic, "n", number)
        });
        (1, numbers)
    })
}

fn pinning(seams: &Seams, pinned: &Arc<Mutex<Weak<()>>>) -> EventPublisher<Line> {
    EventPublisher::new(seams, [pinning_topic("numbers", pinned)])
}

/// behaviour S7: a snapshot pins a commit, so it too is bounded: by 30 s without progress.
#[test]
fn a_snapshot_that_nobody_reads_is_freed_after_30_s_and_its_subscription_lags() {
    virtual_time::run(1, async |seams| {
        let pinned = Arc::default();
        let publisher = pinning(&seams, &pinned);
        let mut begun = publisher.subscribe(SubscribeRequest::all("numbers")).unwrap();
        assert!(begun.next().await.is_ok());
        seams.sleep(29 * SECOND).await;
        assert!(begun.next().await.is_ok());
        seams.sleep(29 * SECOND).await;
        assert_eq!(pinned.lock().strong_count(), 1, "each draw gives it another 30 s");
        seams.sleep(2 * SECOND).await;
        assert_eq!(pinned.lock().strong_count(), 0, "freed, though nobody asked");
        assert_eq!(begun.next().await, Err(Closed::Lagged));

        let mut untouched = publisher.subscribe(SubscribeRequest::all("numbers")).unwrap();
        seams.sleep(31 * SECOND).await;
        assert_eq!(pinned.lock().strong_count(), 0);
        assert_eq!(untouched.next().await, Err(Closed::Lagged));
    });
}

/// behaviour S7: open snapshots are looked at once a second at most, however many there are.
#[test]
fn a_snapshot_is_freed_at_most_a_second_late() {
    virtual_time::run(1, async |seams| {
        let (first_pinned, second_pinned) = (Arc::default(), Arc::default());
        let publisher = EventPublisher::new(
            &seams,
            [pinning_topic("first", &first_pinned), pinning_topic("second", &second_pinned)],
        );
        let _first = publisher.subscribe(SubscribeRequest::all("first")).unwrap();
        seams.sleep(SECOND / 2).await;
        let _second = publisher.subscribe(SubscribeRequest::all("second")).unwrap();
        let pinned = || [&first_pinned, &second_pinned].map(|pinned| pinned.lock().strong_count());
        for (half_seconds, expected) in [(59, [1, 1]), (60, [0, 1]), (61, [0, 1]), (62, [0, 0])] {
            let at = trimtab_seams::Instant::ORIGIN + SECOND / 2 * half_seconds + SECOND / 4;
            seams.sleep_until(at).await;
            assert_eq!(pinned(), expected, "after {:?}", seams.now());
        }
    });
}

/// behaviour S7
#[test]
fn a_snapshot_may_take_as_long_as_it_likes_while_it_moves() {
    virtual_time::run(1, async |seams| {
        let publisher = pinning(&seams, &Arc::default());
        let mut subscription = publisher.subscribe(SubscribeRequest::all("numbers")).unwrap();
        let mut read = 0;
        while let Message::Changes { events, .. } = subscription.next().await.unwrap() {
            read += events.len();
            seams.sleep(29 * SECOND).await;
        }
        assert_eq!(read, 100_000);
        seams.sleep(3600 * SECOND).await;
        assert_eq!(subscription.try_next(), Ok(None), "after the snapshot it may rest");
    });
}

/// behaviour S7: the history ran past a snapshot that is being read, so what follows it is gone: it is told at once, not after the rest of the snapshot.
#[tokio::test]
async fn a_snapshot_that_cannot_be_followed_by_what_changed_since_ends_at_once() {
    let publisher =
        pinning(&Seams::tokio(), &Arc::default()).with_history(History { batches: 2, ..History::default() });
    let mut subscription = publisher.subscribe(SubscribeRequest::all("numbers")).unwrap();
    assert!(subscription.try_next().is_ok());
    for index in 2..=4 {
        publisher.publish(index, [line("numbers", "n", index)]).unwrap();
    }
    assert_eq!(subscription.try_next(), Err(Closed::Lagged));
}

/// behaviour S7: a subscriber that always has work gives way to other tasks of its thread.
#[test]
fn a_subscriber_that_is_never_out_of_work_lets_others_work() {
    virtual_time::run(1, async |seams| {
        let publisher = publisher(&seams, History::default());
        let mut subscription = publisher.subscribe(SubscribeRequest::all("orders")).unwrap();
        for index in 1..=1_000 {
            publisher.publish(index, [line("orders", "a", index)]).unwrap();
        }
        let turns = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&turns);
        seams.spawn("other", async move {
            std::future::poll_fn::<(), _>(|cx| {
                *counted.lock() += 1;
                cx.waker().wake_by_ref();
                std::task::Poll::Pending
            })
            .await;
        });
        while subscription.next().await.unwrap()
            != crate::ledger::changes(1_000, [line("orders", "a", 1_000)])
        {}
        assert!(*turns.lock() >= 3, "the other task had {} turns", turns.lock());
    });
}
