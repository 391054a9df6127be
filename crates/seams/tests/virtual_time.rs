//! The virtual world: time that jumps, and runs that repeat.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use trimtab_seams::{Instant, Seams, virtual_time};

const SECOND: Duration = Duration::from_secs(1);

async fn three_tasks(seams: Seams) -> Vec<(u32, Instant)> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    for task in 0..3 {
        let (seams_of_task, seen) = (seams.clone(), Arc::clone(&seen));
        seams.spawn("task", async move {
            for _ in 0..4 {
                let pause = seams_of_task.random_below(SECOND);
                seams_of_task.sleep(pause).await;
                seen.lock().unwrap().push((task, seams_of_task.now()));
            }
        });
    }
    seams.sleep(60 * SECOND).await;
    Arc::try_unwrap(seen).unwrap().into_inner().unwrap()
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let (first, first_trace) = virtual_time::run_traced(1, three_tasks);
    let (again, again_trace) = virtual_time::run_traced(1, three_tasks);
    let (other, other_trace) = virtual_time::run_traced(2, three_tasks);
    assert_eq!(first.len(), 12);
    assert_eq!((&first, first_trace), (&again, again_trace));
    assert_ne!((first, first_trace), (other, other_trace));
}

#[test]
fn timers_fire_in_order_and_never_early() {
    let seen = virtual_time::run(3, async |seams| {
        let mut seen = Vec::new();
        for millis in [5, 1, 9] {
            let at = seams.now() + Duration::from_millis(millis);
            seams.sleep_until(at).await;
            seen.push(seams.now() - at);
        }
        seen
    });
    assert_eq!(seen, [Duration::ZERO; 3]);
}

#[test]
#[should_panic(expected = "every task waits and no timer is set: program x1")]
fn a_deadlock_is_told_with_the_names_of_the_tasks() {
    virtual_time::run(1, async |_| std::future::pending::<()>().await);
}

#[test]
fn work_that_blocks_runs_too() {
    let done = virtual_time::run(1, async |seams| {
        let done = Arc::new(Mutex::new(false));
        let inner = Arc::clone(&done);
        seams.spawn_blocking("work", move || *inner.lock().unwrap() = true);
        seams.sleep(SECOND).await;
        *done.lock().unwrap()
    });
    assert!(done);
    assert_eq!(virtual_time::run(1, async |seams| seams.block_in_place(|| 5)), 5);
}
