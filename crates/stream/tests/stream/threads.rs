//! The same on real threads, where what virtual time cannot interleave may meet: subscribing, publishing, retiring and closing at one moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use trimtab_seams::Seams;
use trimtab_stream::{Closed, EventPublisher, History, Message, SubscribeRequest, TopicSpec};

use crate::ledger::{Ledger, Line, line};
use crate::view::View;

/// Runs work beside the test.
fn on_a_thread<T: Send + 'static>(
    seams: &Seams,
    work: impl FnOnce() -> T + Send + 'static,
) -> tokio::sync::oneshot::Receiver<T> {
    let (done, result) = tokio::sync::oneshot::channel();
    seams.spawn_blocking("beside", move || drop(done.send(work())));
    result
}

const READERS: usize = 24;
const COMMITS: u64 = 3_000;

/// behaviour S2, S3, S7: guarantee W-b
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn readers_on_many_threads_that_subscribe_during_publishes_see_no_gap_and_no_repeat() {
    let ledger = Ledger::new(&Seams::tokio());
    let kept = ledger.publisher.clone().with_history(History { batches: 64, ..History::default() });
    let seams = Seams::tokio();
    let (ended, mut endings) = tokio::sync::mpsc::unbounded_channel();
    for nth in 0..READERS {
        let (ledger, ended, seams_of_reader) = (ledger.clone(), ended.clone(), seams.clone());
        seams.spawn("reader", async move {
            let request = match nth % 3 {
                0 => SubscribeRequest::one("orders", "a"),
                1 => SubscribeRequest::all("orders"),
                _ => SubscribeRequest::all("users"),
            };
            let mut view = View::new(&ledger, request);
            let mut subscription = view.subscribe().unwrap();
            loop {
                match subscription.next().await {
                    Ok(message) => view.take(message),
                    Err(Closed::ShuttingDown) => break,
                    Err(_) => subscription = view.subscribe().unwrap(),
                }
                if seams_of_reader.random() % 100 == 0 {
                    subscription = view.subscribe().unwrap();
                }
                if view.index() == COMMITS {
                    break;
                }
            }
            ended.send(view.index()).unwrap();
        });
    }
    drop(ended);
    let writer = ledger.clone();
    on_a_thread(&seams, move || {
        for value in 1..=COMMITS {
            let other = if value == COMMITS || value % 2 == 0 { "users" } else { "orders" };
            writer.commit([line("orders", "a", value), line(other, "b", value)]);
        }
    })
    .await
    .unwrap();
    for _ in 0..READERS {
        assert_eq!(endings.recv().await, Some(COMMITS));
    }
    drop(kept);
}

/// behaviour S3: a topic in an open set goes when its last subscription goes; a publish at that very moment must reach who subscribes next.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_topic_that_is_forgotten_while_it_is_published_to_loses_nothing() {
    let seams = Seams::tokio();
    for round in 0..3_000 {
        let spec = |topic: &_| Some(TopicSpec::<Line>::new(topic, |_| (1, [])));
        let publisher = EventPublisher::on_demand(&seams, spec).starting_at(1);
        let request = SubscribeRequest::all("orders").resume_at(1);
        drop(publisher.subscribe(request.clone()).unwrap());
        let going = publisher.subscribe(request.clone()).unwrap();
        let goes = on_a_thread(&seams, move || drop(going));
        let come = publisher.clone();
        let comes = on_a_thread(&seams, move || come.subscribe(request).unwrap());
        publisher.publish(2, [line("orders", "a", round)]).unwrap();
        goes.await.unwrap();
        let message = comes.await.unwrap().next().await;
        assert!(matches!(message, Ok(Message::Changes { index: 2, .. })), "round {round}: {message:?}");
    }
}

/// behaviour S9: guarantee Q-i in small: whatever the moment of the shutdown, who waits hears of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_shutdown_beside_waiting_and_publishing_wakes_everyone() {
    let seams = Seams::tokio();
    for _ in 0..300 {
        let ledger = Ledger::new(&seams);
        let (ended, mut endings) = tokio::sync::mpsc::unbounded_channel();
        for _ in 0..8 {
            let (ledger, ended) = (ledger.clone(), ended.clone());
            seams.spawn("reader", async move {
                let request = SubscribeRequest::all("orders");
                let Ok(mut subscription) = ledger.publisher.subscribe(request) else { return };
                while subscription.next().await.is_ok() {}
                ended.send(subscription.closed()).unwrap();
            });
        }
        drop(ended);
        let stop = Arc::new(AtomicBool::new(false));
        let (writer, stopped) = (ledger.clone(), Arc::clone(&stop));
        let done = on_a_thread(&seams, move || {
            for index in 1.. {
                let written = writer.publisher.publish(index, [line("orders", "a", index)]);
                if written.is_err() || stopped.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        tokio::task::yield_now().await;
        ledger.publisher.shutdown();
        while let Some(ending) = endings.recv().await {
            assert_eq!(ending, Some(Closed::ShuttingDown));
        }
        stop.store(true, Ordering::Relaxed);
        done.await.unwrap();
    }
}
