//! What goes when a subscription or the publisher goes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_seams::{BoxFuture, Seams, Spawn, virtual_time};
use trimtab_stream::{
    Closed, Event, EventPublisher, History, Message, SubscribeRequest, Subscription, TopicSpec,
};

use crate::ledger::{Ledger, Line, line};

struct Sleeper;

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {}
}

fn all() -> SubscribeRequest {
    SubscribeRequest::all("orders")
}

/// behaviour S10
#[tokio::test]
async fn dropping_a_subscription_frees_its_snapshot_and_its_waker() {
    let pinned = Arc::new(());
    let pins = Arc::clone(&pinned);
    let spec = TopicSpec::new("orders", move |_| {
        let pin = Arc::clone(&pins);
        (
            1,
            (0..1_000).map(move |value| {
                std::hint::black_box(&pin);
                line("orders", "a", value)
            }),
        )
    });
    let publisher = EventPublisher::new(&Seams::tokio(), [spec]);
    let idle = Arc::strong_count(&pinned);
    let mut part_read = publisher.subscribe(all()).unwrap();
    part_read.try_next().unwrap();
    let unread = publisher.subscribe(all()).unwrap();
    assert_eq!(Arc::strong_count(&pinned), idle + 2);
    drop((part_read, unread));
    assert_eq!(Arc::strong_count(&pinned), idle, "snapshots that were not read to their end");

    let mut waiting = publisher.subscribe(all()).unwrap();
    while waiting.try_next().unwrap().is_some() {}
    assert_eq!(Arc::strong_count(&pinned), idle, "a snapshot that was read to its end");
    let sleeper = Arc::new(Sleeper);
    let waker = Waker::from(Arc::clone(&sleeper));
    assert!(waiting.poll_next(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    assert_eq!(Arc::strong_count(&sleeper), 2);
    drop(waiting);
    assert_eq!(Arc::strong_count(&sleeper), 1);
}

/// behaviour S10: an ended subscription that somebody still holds has let go already.
#[tokio::test]
async fn the_end_of_a_subscription_frees_its_snapshot() {
    let pinned = Arc::new(());
    let pins = Arc::clone(&pinned);
    let spec = TopicSpec::new("orders", move |_| {
        let pin = Arc::clone(&pins);
        (
            1,
            std::iter::repeat_with(move || {
                std::hint::black_box(&pin);
                line("orders", "a", 1)
            }),
        )
    });
    let publisher = EventPublisher::new(&Seams::tokio(), [spec]);
    let mut endless = publisher.subscribe(all().with_token("mine")).unwrap();
    endless.try_next().unwrap();
    publisher.close_token(&"mine".into());
    assert_eq!(endless.try_next(), Err(Closed::TokenClosed));
    assert_eq!(Arc::strong_count(&pinned), 2, "the topic's and this one");
}

/// behaviour S9, S10
#[tokio::test]
async fn shutdown_frees_the_history_though_subscriptions_are_still_held() {
    let publisher = EventPublisher::new(&Seams::tokio(), [TopicSpec::new("orders", |_| (0, []))]);
    let subscription: Subscription<Event<Arc<()>>> = publisher.subscribe(all()).unwrap();
    let payload = Arc::new(());
    publisher.publish(1, [Event::new("orders", "a", Arc::clone(&payload))]).unwrap();
    assert_eq!(Arc::strong_count(&payload), 2);
    drop(publisher);
    assert_eq!(Arc::strong_count(&payload), 1);
    drop(subscription);
}

/// behaviour S8, S10
#[tokio::test]
async fn a_refresh_frees_the_history_of_its_topic_and_of_no_other() {
    let spec = |topic| TopicSpec::new(topic, |_| (0, []));
    let publisher = EventPublisher::new(&Seams::tokio(), [spec("orders"), spec("users")])
        .with_history(History { batches: 3, ..History::default() });
    let mut held: Vec<(u64, Weak<()>)> = Vec::new();
    let mut publish = |index: u64, topic: &str| {
        let payload = Arc::new(());
        held.push((index, Arc::downgrade(&payload)));
        publisher.publish(index, [Event::new(topic, "a", payload)]).unwrap();
        held.iter().filter(|(_, held)| held.strong_count() > 0).map(|(index, _)| *index).collect::<Vec<_>>()
    };
    publish(1, "orders");
    publish(2, "users");
    assert_eq!(publish(3, "orders"), [1, 2, 3]);
    publisher.refresh(&"orders".into()).unwrap();
    assert_eq!(publish(4, "orders"), [2, 4]);
    assert_eq!(publish(5, "users"), [2, 4, 5]);
    assert_eq!(publish(6, "users"), [4, 5, 6], "oldest first, whatever the topic");
    publisher.reset(0);
    assert_eq!(publish(7, "users"), [7]);
    publish(8, "orders");
    assert_eq!(publish(9, "users"), [7, 8, 9], "what is gone does not count");
}

/// Starts tasks through other seams and counts those that run.
struct Counting {
    seams: Seams,
    running: Arc<AtomicUsize>,
    started: Arc<Mutex<Vec<&'static str>>>,
}

struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Spawn for Counting {
    fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>) {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.started.lock().push(name);
        let running = Running(Arc::clone(&self.running));
        self.seams.spawn(name, async move {
            task.await;
            drop(running);
        });
    }

    fn spawn_blocking(&self, name: &'static str, work: Box<dyn FnOnce() + Send>) {
        self.seams.spawn_blocking(name, work);
    }
}

/// behaviour S9, S10: and nothing wakes an idle publisher.
#[test]
fn no_task_outlives_the_last_handle_and_none_is_started_before_it_is_needed() {
    virtual_time::run(3, async |seams| {
        let (running, started) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let counting =
            Counting { seams: seams.clone(), running: Arc::clone(&running), started: Arc::clone(&started) };
        let ledger = Ledger::new(&seams.clone().with_spawn(counting));
        let second = Duration::from_secs(1);
        ledger.commit([line("orders", "a", 1)]);
        let read = |count: usize| {
            for _ in 0..count {
                let mut subscription = ledger.subscribe(all().resume_at(1));
                seams.spawn("reader", async move { while subscription.next().await.is_ok() {} });
            }
        };
        read(4);
        seams.sleep(second).await;
        assert!(started.lock().is_empty(), "four can be woken by the writer");
        read(1);
        seams.sleep(second).await;
        assert_eq!(*started.lock(), ["stream bell"]);

        let mut snapshot = ledger.subscribe(all());
        assert_eq!(*started.lock(), ["stream bell", "stream snapshots"]);
        seams.sleep(second).await;
        assert_eq!(running.load(Ordering::Relaxed), 2);
        while snapshot.next().await.unwrap() != Message::EndOfSnapshot(1) {}
        seams.sleep(second).await;
        assert_eq!(running.load(Ordering::Relaxed), 1, "no snapshot is open any more");

        let _unread = ledger.subscribe(all());
        seams.sleep(second).await;
        assert_eq!((running.load(Ordering::Relaxed), started.lock().len()), (2, 3));
        drop(ledger);
        seams.sleep(second).await;
        assert_eq!(running.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn subscriptions_and_publishers_may_be_moved_and_shared_between_threads() {
    fn sendable<T: Send + Sync>() {}
    sendable::<Subscription<Line>>();
    sendable::<EventPublisher<Line>>();
}
