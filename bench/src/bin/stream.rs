//! What publishing costs the writer, beside tokio's broadcast channel, and what a batch costs from publish to receipt.
//!
//! ```sh
//! cargo run --release --bin stream -- 5 receive   # JSON lines; 3 rounds if not said; only cases whose name has this in it
//! for n in 1 10000; do                        # instructions of one publish to n who wait (behaviour S12)
//!     valgrind --tool=callgrind --toggle-collect='*publish_measured*' target/bench/release/stream instructions $n
//! done
//! ```
//!
//! Minima and medians over interleaved rounds; only a ratio taken side by side in one run counts.

use std::alloc::System;
use std::future::poll_fn;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::sync::broadcast;
use trimtab_seams::Seams;
use trimtab_stream::{EventPublisher, Payload, Subject, SubscribeRequest, Subscription, TopicSpec};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const PUBLISHES: usize = 200;
const DELIVERIES: usize = 100_000;

/// As a store's change: a key that knows its kind, and the entry.
#[derive(Clone, Debug)]
struct Change(Arc<str>);

impl Payload for Change {
    fn topic(&self) -> &str {
        "http-route"
    }

    fn is_about(&self, subject: &Subject) -> bool {
        *self.0 == *subject.as_str()
    }

    fn bytes(&self) -> usize {
        self.0.len()
    }
}

fn publisher(seams: &Seams) -> EventPublisher<Change> {
    let spec = |topic: &_| Some(TopicSpec::new(topic, |_| (1, [])));
    EventPublisher::on_demand(seams, spec).starting_at(1)
}

fn subscribe(publisher: &EventPublisher<Change>) -> Subscription<Change> {
    let request = SubscribeRequest::all("http-route").resume_at(1);
    publisher.subscribe(request).expect("the topic exists")
}

/// Figures by name.
type Round = Vec<(&'static str, f64)>;

struct Case {
    peer: &'static str,
    name: String,
    rounds: Vec<Round>,
}

impl Case {
    fn print(&self) {
        let mut line = format!(r#"{{"peer": "{}", "case": "{}""#, self.peer, self.name);
        for (at, (name, _)) in self.rounds[0].iter().enumerate() {
            let mut values: Vec<f64> = self.rounds.iter().map(|round| round[at].1).collect();
            values.sort_by(f64::total_cmp);
            let (least, median) = (values[0], values[values.len() / 2]);
            line += &format!(r#", "{name}": {least:.3}, "{name}_median": {median:.3}"#);
        }
        println!("{line}, \"rounds\": {}}}", self.rounds.len());
    }
}

fn percentiles(mut waits: Vec<Duration>) -> Round {
    waits.sort();
    let at = |percent: usize| waits[(waits.len() - 1) * percent / 100].as_nanos() as f64 / 1e3;
    vec![("p50_us", at(50)), ("p99_us", at(99))]
}

/// Publishes one by one while everybody waits, and gives the time each publish took the writer's task.
async fn publish_while_all_wait(
    seams: &Seams,
    readers: usize,
    received: &AtomicUsize,
    mut publish: impl FnMut(u64),
) -> Round {
    let mut waits = Vec::new();
    let publishes = if readers > 1_000 { PUBLISHES / 4 } else { PUBLISHES };
    seams.sleep(Duration::from_millis(50)).await;
    for nth in 1..=publishes {
        let start = seams.now();
        publish(nth as u64 + 1);
        waits.push(seams.now() - start);
        while received.load(Ordering::Acquire) < nth * readers {
            seams.sleep(Duration::from_micros(200)).await;
        }
        seams.sleep(Duration::from_millis(1)).await;
    }
    percentiles(waits)
}

async fn ours(readers: usize) -> Round {
    let seams = Seams::tokio();
    let publisher = publisher(&seams);
    let received = Arc::new(AtomicUsize::new(0));
    for _ in 0..readers {
        let (mut subscription, received) = (subscribe(&publisher), Arc::clone(&received));
        seams.spawn("reader", async move {
            while subscription.next().await.is_ok() {
                received.fetch_add(1, Ordering::AcqRel);
            }
        });
    }
    let change = Change("default/default/a".into());
    let publish = |index| publisher.publish(index, [change.clone()]).expect("indexes rise");
    publish_while_all_wait(&seams, readers, &received, publish).await
}

async fn broadcast(readers: usize) -> Round {
    let seams = Seams::tokio();
    let (sender, _) = broadcast::channel::<Arc<[Change]>>(4096);
    let received = Arc::new(AtomicUsize::new(0));
    for _ in 0..readers {
        let (mut receiver, received) = (sender.subscribe(), Arc::clone(&received));
        seams.spawn("reader", async move {
            while receiver.recv().await.is_ok() {
                received.fetch_add(1, Ordering::AcqRel);
            }
        });
    }
    let change = Change("default/default/a".into());
    let publish = |_| drop(sender.send(Arc::from([change.clone()])));
    publish_while_all_wait(&seams, readers, &received, publish).await
}

/// Publish and receipt of batches that are read at once, on one thread: time and allocations of both together. The batch's one
/// allocation is counted.
fn delivery(size: usize) -> Round {
    let seams = Seams::tokio();
    let publisher = publisher(&seams);
    let mut subscription = subscribe(&publisher);
    let mut cx = Context::from_waker(Waker::noop());
    let change = Change("default/default/a".into());
    let mut round = |indexes: std::ops::Range<u64>| {
        for index in indexes {
            let batch: Arc<[Change]> = (0..size).map(|_| change.clone()).collect();
            publisher.publish(index, batch).expect("indexes rise");
            while let Poll::Ready(message) = subscription.poll_next(&mut cx) {
                black_box(message).expect("nobody closes it");
            }
        }
    };
    round(2..1_000);
    let batches = (DELIVERIES / size) as u64;
    let (region, start) = (Region::new(ALLOCATOR), seams.now());
    round(1_000..1_000 + batches);
    let (took, change) = (seams.now() - start, region.change());
    let per = |count: f64| count / batches as f64;
    let allocations = (change.allocations + change.reallocations) as f64;
    vec![("ns_per_batch", per(took.as_nanos() as f64)), ("allocs_per_batch", per(allocations))]
}

#[inline(never)]
fn publish_measured(publisher: &EventPublisher<Change>, index: u64, batch: Arc<[Change]>) {
    publisher.publish(index, batch).expect("indexes rise");
}

/// Publishes 1,000 times while so many wait; for callgrind, which counts [`publish_measured`] only. Whoever is woken, reader or bell, is a task of
/// tokio's, so that one wake-up costs the same.
fn instructions(readers: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    runtime.block_on(async {
        let publisher = publisher(&Seams::tokio());
        let mut subscriptions: Vec<_> = (0..readers).map(|_| subscribe(&publisher)).collect();
        let (tell, told) = tokio::sync::oneshot::channel();
        let mut tell = Some(tell);
        runtime.spawn(poll_fn::<(), _>(move |cx| {
            tell.take().into_iter().for_each(|tell| drop(tell.send(cx.waker().clone())));
            Poll::Pending
        }));
        let waker = told.await.expect("the task runs");
        for index in 2..1_002 {
            for subscription in &mut subscriptions {
                while subscription.poll_next(&mut Context::from_waker(&waker)).is_ready() {}
            }
            let batch = Arc::from([Change("default/default/a".into())]);
            publish_measured(&publisher, index, batch);
            for _ in 0..readers / 64 + 4 {
                tokio::task::yield_now().await;
            }
        }
    });
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    if first.as_deref() == Some("instructions") {
        let readers = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1);
        return instructions(readers);
    }
    let rounds = first.and_then(|n| n.parse().ok()).unwrap_or(3);
    let part = arguments.next().unwrap_or_default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime starts");
    let on_task = |work: Pin<Box<dyn Future<Output = Round> + Send>>| {
        runtime.block_on(runtime.spawn(work)).expect("the bench does not panic")
    };
    let mut cases: Vec<Case> = Vec::new();
    for _ in 0..rounds {
        let mut run = |peer, name: String, measure: &dyn Fn() -> Round| {
            if !name.contains(&part) {
                return;
            }
            let figures = measure();
            match cases.iter_mut().find(|case| case.peer == peer && case.name == name) {
                Some(case) => case.rounds.push(figures),
                None => cases.push(Case { peer, name, rounds: vec![figures] }),
            }
        };
        for readers in [1, 100, 10_000] {
            let name = || format!("publish_to_{readers}_who_wait");
            run("trimtab", name(), &|| on_task(Box::pin(ours(readers))));
            run("tokio broadcast", name(), &|| on_task(Box::pin(broadcast(readers))));
        }
        for size in [1, 128] {
            let name = format!("publish_and_receive_batches_of_{size}");
            run("trimtab", name, &|| runtime.block_on(async { delivery(size) }));
        }
    }
    cases.iter().for_each(Case::print);
}
