//! The queue alone: what a key costs on its way through, how late deferred keys are, how fast a sleeping worker starts.
//!
//! ```sh
//! cargo run --release --bin queue -- 3 add_     # JSON lines; 3 rounds if not said; only cases whose name has this in it
//! # instructions of one add + get + done, and of one duplicate add
//! valgrind --tool=callgrind --toggle-collect='*cycle_measured*' target/release/queue instructions
//! valgrind --tool=callgrind --toggle-collect='*duplicate_measured*' target/release/queue instructions
//! ```
//!
//! The cases named as in `peers/` do the same work as those. Keys are the store's own (`gateway/default/entry-0000001`): an `Arc` with its
//! hash computed once. They are made before the clock runs.

use std::alloc::System;
use std::hint::black_box;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use trimtab_backend::Key;
use trimtab_bench::{Chosen, Figures, Round, latency, residence, throughput};
use trimtab_queue::{Add, Priority, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::{Instant, Random, Seams, Seeded};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MILLION: usize = 1_000_000;
/// Distinct keys of the one-thread cases.
const RING: usize = 1_000;
const WAKES: usize = 2_000;

type Queue = RateLimitedQueue<Key>;

fn queue(seams: &Seams) -> Queue {
    RateLimitedQueue::new(QueueSettings::new(seams))
}

fn keys(n: usize) -> Vec<Key> {
    (0..n).map(|n| Key::new("gateway", &format!("entry-{n:07}"))).collect()
}

/// One to two hours, scattered.
fn delays(n: usize) -> Vec<Duration> {
    let random = Seeded::new(1);
    (0..n)
        .map(|_| Duration::from_secs(3600) + Duration::from_nanos(random.next_u64() % 3_600_000_000_000))
        .collect()
}

/// The next claim of a queue that has one.
fn take<T: trimtab_queue::Item>(queue: &RateLimitedQueue<T>) -> trimtab_queue::Claim<T> {
    match pin!(queue.get()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(claim)) => claim,
        Poll::Ready(None) | Poll::Pending => panic!("a key is in line"),
    }
}

#[inline(never)]
fn cycle_measured<T: trimtab_queue::Item>(queue: &RateLimitedQueue<T>, key: &T, level: Priority) {
    queue.push(Add::now(key.clone()).with_priority(level));
    black_box(take(queue)).done();
}

#[inline(never)]
fn duplicate_measured(queue: &Queue, key: &Key) {
    queue.add(key.clone());
}

/// One key after another through an otherwise empty queue, two levels of priority in turn.
fn add_get_done<T: trimtab_queue::Item>(
    seams: &Seams,
    queue: &RateLimitedQueue<T>,
    keys: &[T],
    n: usize,
) -> Round {
    let pass = |times: usize| {
        for (at, key) in keys.iter().cycle().take(times).enumerate() {
            let level = if at % 2 == 0 { Priority::Normal } else { Priority::Low };
            cycle_measured(queue, key, level);
        }
    };
    pass(keys.len());
    throughput(seams, n, || pass(n))
}

fn duplicate_add(seams: &Seams, n: usize) -> Round {
    let (queue, keys) = (queue(seams), keys(RING));
    keys.iter().for_each(|key| queue.add(key.clone()));
    throughput(seams, n, || keys.iter().cycle().take(n).for_each(|key| duplicate_measured(&queue, key)))
}

/// Distinct keys from 4 tasks to 16, per key. Producers add so many at a time and yield after 64.
fn producers_4x16(runtime: &Runtime, seams: &Seams, keys: &[Key], at_once: usize) -> Round {
    throughput(seams, keys.len(), || {
        let queue = queue(seams);
        runtime.block_on(async {
            let producers: Vec<_> = keys
                .chunks(keys.len() / 4)
                .map(|share| {
                    let (queue, share) = (queue.clone(), share.to_vec());
                    runtime.spawn(async move {
                        for (at, batch) in share.chunks(at_once).enumerate() {
                            match batch {
                                [key] => queue.add(key.clone()),
                                batch => queue.push_all(batch.iter().cloned().map(Add::now)),
                            }
                            if at * at_once % 64 == 0 {
                                tokio::task::yield_now().await;
                            }
                        }
                    })
                })
                .collect();
            let workers: Vec<_> = (0..16)
                .map(|_| {
                    let queue = queue.clone();
                    runtime.spawn(async move {
                        while let Some(claim) = queue.get().await {
                            claim.done();
                            tokio::task::consume_budget().await;
                        }
                    })
                })
                .collect();
            for producer in producers {
                producer.await.expect("a producer does not panic");
            }
            queue.shutdown_and_drain().await;
            for worker in workers {
                worker.await.expect("a worker does not panic");
            }
        });
    })
}

fn park(queue: &Queue, keys: &[Key], delays: &[Duration]) {
    for (key, delay) in keys.iter().zip(delays) {
        queue.add_after(key.clone(), *delay);
    }
}

/// The longest that one add takes while the queue grows to a million keys.
fn growing_add_max(seams: &Seams, keys: &[Key]) -> Round {
    let queue = queue(seams);
    let mut longest = Duration::ZERO;
    let mut before = seams.now();
    for key in keys {
        queue.add(key.clone());
        let after = seams.now();
        longest = longest.max(after - before);
        before = after;
    }
    vec![("max_us", longest.as_nanos() as f64 / 1e3)]
}

/// How late a waiting worker is given a key that is due, with `parked` others not due.
fn lateness(runtime: &Runtime, seams: &Seams, parked: &[Key]) -> Round {
    let queue: RateLimitedQueue<(Key, Instant)> = RateLimitedQueue::new(QueueSettings::new(seams));
    for (key, delay) in parked.iter().zip(delays(parked.len())) {
        queue.add_after((key.clone(), Instant::ORIGIN), delay);
    }
    let start = seams.now() + Duration::from_millis(20);
    for nth in 0..WAKES {
        let due = start + Duration::from_micros(1_300) * u32::try_from(nth).expect("few");
        queue.add_after((parked[nth].clone(), due), due - seams.now());
    }
    let seams = seams.clone();
    let work = runtime.spawn(async move {
        let mut late = Vec::with_capacity(WAKES);
        while late.len() < WAKES {
            let claim = queue.get().await.expect("not shut down");
            let now = seams.now();
            assert!(now >= claim.1, "a key was handed out early");
            late.push(now - claim.1);
            claim.done();
        }
        latency(late)
    });
    runtime.block_on(work).expect("the worker does not panic")
}

/// Notes the wait from each sending to the worker's start.
#[derive(Clone)]
struct Note {
    seams: Seams,
    sent: Arc<AtomicU64>,
    waits: Arc<Mutex<Vec<Duration>>>,
}

impl Note {
    fn sent(&self) {
        self.sent.store(self.seams.now().as_nanos(), Ordering::Release);
    }

    fn started(&self) {
        let wait = self.seams.now() - Instant::from_nanos(self.sent.load(Ordering::Acquire));
        self.waits.lock().expect("nobody panics").push(wait);
    }
}

/// Sends [`WAKES`] times with a pause of 1 ms before each, from a task of the runtime or from a thread of its own, to one worker that waits.
fn wake<F: Future<Output = ()> + Send + 'static>(
    (runtime, seams): (&Runtime, &Seams),
    from_task: bool,
    send: impl Fn() + Send + 'static,
    worker: impl FnOnce(Note) -> F,
) -> Round {
    let waits = Arc::new(Mutex::new(Vec::with_capacity(WAKES)));
    let note = Note { seams: seams.clone(), sent: Arc::default(), waits: Arc::clone(&waits) };
    let worker = runtime.spawn(worker(note.clone()));
    let seams = seams.clone();
    if from_task {
        runtime.spawn(async move {
            for _ in 0..WAKES {
                seams.sleep(Duration::from_millis(1)).await;
                note.sent();
                send();
            }
        });
    } else {
        seams.spawn_blocking("sender", move || {
            for _ in 0..WAKES {
                std::thread::park_timeout(Duration::from_millis(1));
                note.sent();
                send();
            }
        });
    }
    runtime.block_on(worker).expect("the worker does not panic");
    let waits = std::mem::take(&mut *waits.lock().expect("nobody panics"));
    latency(waits)
}

fn wake_by_queue(world: (&Runtime, &Seams), from_task: bool, parked: &[Key]) -> Round {
    let queue = queue(world.1);
    park(&queue, parked, &delays(parked.len()));
    // A key for each, for two adds of one key before its run would be one run.
    let (sender, keys) = (queue.clone(), Mutex::new(keys(WAKES)));
    let send = move || sender.add(keys.lock().expect("nobody panics").pop().expect("one for each"));
    wake(world, from_task, send, |note| async move {
        for _ in 0..WAKES {
            let claim = queue.get().await.expect("not shut down");
            note.started();
            claim.done();
        }
    })
}

fn wake_by_channel(world: (&Runtime, &Seams), from_task: bool) -> Round {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let send = move || sender.send(()).expect("the worker listens");
    wake(world, from_task, send, |note| async move {
        for _ in 0..WAKES {
            receiver.recv().await.expect("the sender lives");
            note.started();
        }
    })
}

/// For callgrind, which counts [`cycle_measured`] or [`duplicate_measured`] only: 1,000 of each.
fn instructions(seams: &Seams) {
    let (queue, keys) = (queue(seams), keys(RING));
    keys.iter().for_each(|key| cycle_measured(&queue, key, Priority::Normal));
    keys.iter().for_each(|key| queue.add(key.clone()));
    keys.iter().for_each(|key| duplicate_measured(&queue, key));
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime starts");
    let seams = &runtime.block_on(async { Seams::tokio() });
    let arguments = || std::env::args().skip(1);
    if arguments().next().as_deref() == Some("instructions") {
        return instructions(seams);
    }
    let chosen = Chosen::from_arguments(arguments());

    let (ring, million) = (&keys(RING)[..], &keys(MILLION)[..]);
    let texts: &Vec<Arc<str>> = &ring.iter().map(|key| key.to_string().into()).collect();
    let (world, runtime) = ((&runtime, seams), &runtime);
    type Measure<'a> = Box<dyn Fn() -> Round + 'a>;
    let cases: Vec<(&str, &str, usize, Measure<'_>)> = vec![
        ("trimtab", "add_get_done", MILLION, Box::new(|| add_get_done(seams, &queue(seams), ring, MILLION))),
        ("trimtab", "add_get_done_arc_str", MILLION, {
            let queue = || RateLimitedQueue::new(QueueSettings::new(seams));
            Box::new(move || add_get_done(seams, &queue(), texts, MILLION))
        }),
        ("trimtab", "add_get_done_with_timings", MILLION, {
            let queue = || RateLimitedQueue::new(QueueSettings::new(seams).with_timings());
            Box::new(move || add_get_done(seams, &queue(), ring, MILLION))
        }),
        ("trimtab", "duplicate_add", 5 * MILLION, Box::new(|| duplicate_add(seams, 5 * MILLION))),
        ("trimtab", "producers_4x16", MILLION, Box::new(|| producers_4x16(runtime, seams, million, 1))),
        ("trimtab", "producers_4x16_batches", MILLION, {
            Box::new(|| producers_4x16(runtime, seams, million, 32))
        }),
        ("trimtab", "deferred_insert", MILLION, {
            Box::new(|| {
                let (queue, delays) = (queue(seams), delays(MILLION));
                throughput(seams, MILLION, || park(&queue, million, &delays))
            })
        }),
        ("trimtab", "bytes_per_parked_key", MILLION, {
            Box::new(|| {
                let delays = delays(MILLION);
                residence(MILLION, || {
                    let queue = queue(seams);
                    park(&queue, million, &delays);
                    queue
                })
            })
        }),
        ("trimtab", "growing_add_max", MILLION, Box::new(|| growing_add_max(seams, million))),
        ("trimtab", "lateness_1m", WAKES, Box::new(|| lateness(runtime, seams, million))),
        ("trimtab", "wake_from_task", WAKES, Box::new(|| wake_by_queue(world, true, &[]))),
        ("trimtab", "wake_from_thread", WAKES, Box::new(|| wake_by_queue(world, false, &[]))),
        ("trimtab", "wake_from_task_100k_parked", WAKES, {
            Box::new(|| wake_by_queue(world, true, &million[..100_000]))
        }),
        ("tokio mpsc", "wake_from_task", WAKES, Box::new(|| wake_by_channel(world, true))),
        ("tokio mpsc", "wake_from_thread", WAKES, Box::new(|| wake_by_channel(world, false))),
    ];
    let cases: Vec<_> = cases.into_iter().filter(|(_, name, ..)| chosen.has(name)).collect();
    let mut figures: Vec<_> = cases.iter().map(|(peer, name, n, _)| Figures::new(peer, name, *n)).collect();
    for _ in 0..chosen.rounds {
        for ((.., measure), figures) in cases.iter().zip(&mut figures) {
            figures.add(measure());
        }
    }
    figures.iter().for_each(|figures| println!("{figures}"));
}
