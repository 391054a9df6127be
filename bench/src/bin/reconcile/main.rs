//! From a commit to the end of its reconcile, in memory, with everything between: store, publisher, controller, queue, workers.
//!
//! ```sh
//! cargo run --release --bin reconcile                   # JSON lines; 3 rounds of every case
//! cargo run --release --bin reconcile -- 5 idle         # 5 rounds of those whose name has this in it
//! ```
//!
//! A controller with 8 workers on two threads of tokio's; its reconciler reads its entry from its snapshot and does nothing with it. The cases named as in
//! `peers/` do the same work as those; what a caller brings - keys, values, drafts - is made before the clock runs. There are two doors: a commit
//! by `Store::commit`, which writes an author's draft and waits until the view shows it, and one of ready records into the backend, which is what
//! the peers' stores are given.

mod pipeline;
mod wake;
mod write;

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::{Builder, Runtime};
use trimtab_bench::{Chosen, Figures, Round};
use trimtab_seams::Seams;

use wake::Sender;
use write::{Entries, Way};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What a round is measured in.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) seams: &'a Seams,
}

impl World<'_> {
    /// Runs a round as a task of the runtime, so that its writer is no other thread.
    pub(crate) fn on_task(&self, round: impl Future<Output = Round> + Send + 'static) -> Round {
        self.runtime.block_on(self.runtime.spawn(round)).expect("the round ends")
    }
}

type Measure = fn(World<'_>, usize) -> Round;

const TEN: usize = 10_000;
const HUNDRED: usize = 100_000;
const WAKES: usize = 2_000;

const CASES: &[(&str, &str, usize, Measure)] = &[
    ("trimtab", "write_to_reconciled", TEN, |world, n| write::by_task(world, n, 1, Way::Store, Entries::New)),
    ("trimtab", "write_to_reconciled", HUNDRED, |world, n| {
        write::by_task(world, n, 1, Way::Store, Entries::New)
    }),
    ("trimtab", "write_to_reconciled_door", TEN, |world, n| {
        write::by_task(world, n, 1, Way::Door, Entries::New)
    }),
    ("trimtab", "write_to_reconciled_records", TEN, |world, n| {
        write::by_task(world, n, 1, Way::Records, Entries::New)
    }),
    ("trimtab", "write_to_reconciled_records", HUNDRED, |world, n| {
        write::by_task(world, n, 1, Way::Records, Entries::New)
    }),
    ("trimtab", "write_to_reconciled_groups", TEN, |world, n| {
        write::by_task(world, n, 50, Way::Store, Entries::New)
    }),
    ("trimtab", "write_to_reconciled_groups", HUNDRED, |world, n| {
        write::by_task(world, n, 50, Way::Store, Entries::New)
    }),
    ("trimtab", "write_to_reconciled_groups_records", HUNDRED, |world, n| {
        write::by_task(world, n, 50, Way::Records, Entries::New)
    }),
    ("trimtab", "write_to_reconciled_from_thread", TEN, |world, n| write::by_thread(world, n, Way::Door)),
    ("trimtab", "write_to_reconciled_from_thread_records", TEN, |world, n| {
        write::by_thread(world, n, Way::Records)
    }),
    ("trimtab", "update_to_reconciled", TEN, |world, n| {
        write::by_task(world, n, 1, Way::Store, Entries::Known)
    }),
    ("trimtab", "update_to_reconciled_records", TEN, |world, n| {
        write::by_task(world, n, 1, Way::Records, Entries::Known)
    }),
    ("trimtab", "batch_to_reconciled", TEN, |world, n| write::received(world, n, 1)),
    ("trimtab", "batch_to_reconciled_128", TEN, |world, n| write::received(world, n, 128)),
    ("trimtab", "first_reconcile", HUNDRED, write::first),
    ("trimtab", "allocs_per_reconcile", HUNDRED, write::enqueued),
    ("tokio mpsc", "idle_wake_from_task", WAKES, |world, n| wake::channel(world, n, Sender::Task)),
    ("trimtab", "idle_write_to_reconcile", WAKES, |world, n| wake::commits(world, n, Sender::Task, 0)),
    ("trimtab", "idle_write_to_reconcile_records", WAKES, |world, n| wake::ready(world, n, Sender::Task)),
    ("trimtab", "idle_write_to_reconcile_100k_parked", WAKES, |world, n| {
        wake::commits(world, n, Sender::Task, HUNDRED)
    }),
    ("tokio mpsc", "idle_wake_from_thread", WAKES, |world, n| wake::channel(world, n, Sender::Thread)),
    ("trimtab", "idle_write_to_reconcile_from_thread", WAKES, |world, n| {
        wake::commits(world, n, Sender::Thread, 0)
    }),
    ("trimtab", "idle_write_to_reconcile_from_thread_records", WAKES, |world, n| {
        wake::ready(world, n, Sender::Thread)
    }),
    ("trimtab", "deferred_lateness", WAKES, |world, n| wake::lateness(world, n, 0)),
    ("trimtab", "deferred_lateness_100k_parked", WAKES, |world, n| wake::lateness(world, n, HUNDRED)),
];

fn main() {
    let chosen = Chosen::from_arguments(std::env::args().skip(1));
    let runtime = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime starts");
    let world = World { runtime: &runtime, seams: &Seams::tokio() };
    let cases: Vec<_> = CASES.iter().filter(|(_, name, ..)| chosen.has(name)).collect();
    let mut figures: Vec<_> = cases.iter().map(|(peer, name, n, _)| Figures::new(peer, name, *n)).collect();
    for _ in 0..chosen.rounds {
        for ((.., n, measure), figures) in cases.iter().zip(&mut figures) {
            figures.add(measure(world, *n));
        }
    }
    figures.iter().for_each(|figures| println!("{figures}"));
}
