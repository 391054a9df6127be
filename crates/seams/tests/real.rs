//! The real world: never early, moved and dropped timers, tasks from any thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use trimtab_seams::{Instant, Seams};

const MS: Duration = Duration::from_millis(1);

#[tokio::test]
async fn a_sleep_is_never_early_and_many_end_in_order() {
    let seams = Seams::tokio();
    let start = seams.now();
    let (long, short) = (seams.sleep(20 * MS), seams.sleep(5 * MS));
    short.await;
    assert!(seams.now() - start >= 5 * MS);
    long.await;
    assert!(seams.now() - start >= 20 * MS);
}

#[tokio::test]
async fn a_moved_timer_fires_at_its_new_time_and_a_dropped_one_never() {
    let seams = Seams::tokio();
    let start = seams.now();
    let mut sleep = seams.sleep(Duration::from_secs(3600));
    sleep.reset(start + 3 * MS);
    drop(seams.sleep(MS));
    sleep.await;
    let waited = seams.now() - start;
    assert!(waited >= 3 * MS && waited < Duration::from_secs(60), "{waited:?}");
    assert!(Instant::ORIGIN <= start);
}

#[test]
fn seams_made_in_a_runtime_start_tasks_there_from_any_thread() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let seams = runtime.block_on(async { Seams::tokio() });
    let ran = Arc::new(AtomicBool::new(false));
    let (inner, sender) = (Arc::clone(&ran), std::sync::mpsc::channel::<()>());
    seams.spawn("task", async move {
        inner.store(true, Ordering::SeqCst);
        drop(sender.0);
    });
    assert!(sender.1.recv().is_err());
    assert!(ran.load(Ordering::SeqCst));
    assert_eq!(runtime.block_on(async { seams.block_in_place(|| 3) }), 3);
}
