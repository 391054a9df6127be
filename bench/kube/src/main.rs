//! Runs the work of Trimtab's own benches on kube-rs and prints one JSON line per measurement, in the form of
//! `bench/peers` (minimum and median over rounds). The alternative, a criterion bench, would print what no
//! script of ours reads beside the Go peers' lines.
//!
//! `trimtab-bench-kube [ROUNDS]`, 5 by default. With the feature `allocations` it counts those instead.

#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    reason = "a bench of a stranger's library: real time and real tasks are what it measures"
)]

mod figures;
mod pipeline;

use std::process::ExitCode;
use std::time::Duration;

use figures::Figures;
use pipeline::Pipeline;

#[cfg(feature = "allocations")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

const OBJECTS: usize = 10_000;
const IDLE_WRITES: usize = 3_000;

fn main() -> ExitCode {
    let rounds = match std::env::args().nth(1).map_or(Ok(5), |text| text.parse::<usize>()) {
        Ok(rounds) if rounds > 0 => rounds,
        _ => {
            eprintln!("usage: trimtab-bench-kube [ROUNDS]");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a tokio runtime of two workers");
    let mut throughput = Figures::new("write_to_reconciled", OBJECTS);
    let mut latency = Figures::new("idle_write_to_reconcile", IDLE_WRITES);
    for _ in 0..rounds {
        // Spawned, so that the writer is a task of the runtime like the controller and not another thread.
        runtime.block_on(async {
            tokio::spawn(write_to_reconciled())
                .await
                .map(|round| throughput.add(round))
                .expect("the round ends");
            if cfg!(not(feature = "allocations")) {
                tokio::spawn(idle_write_to_reconcile())
                    .await
                    .map(|round| latency.add(round))
                    .expect("the round ends");
            }
        });
    }
    println!("{throughput}");
    if cfg!(not(feature = "allocations")) {
        println!("{latency}");
    }
    ExitCode::SUCCESS
}

/// Updates of objects that the controller has reconciled once before, sent as fast as the channel takes them.
async fn write_to_reconciled() -> Vec<(&'static str, f64)> {
    let mut pipeline = Pipeline::start();
    pipeline.write(pipeline::objects(OBJECTS)).await;
    let updates = pipeline::objects(OBJECTS);
    figures::measured(OBJECTS, pipeline.write(updates)).await
}

/// One update after each pause of 1 ms, from just before it is sent until its reconcile starts.
async fn idle_write_to_reconcile() -> Vec<(&'static str, f64)> {
    let mut pipeline = Pipeline::start();
    pipeline.write(pipeline::objects(1_000)).await;
    let mut waits = Vec::with_capacity(IDLE_WRITES);
    for update in pipeline::objects(1_000).into_iter().cycle().take(IDLE_WRITES) {
        tokio::time::sleep(Duration::from_millis(1)).await;
        waits.push(pipeline.write_one(update).await);
    }
    figures::percentiles(waits)
}
