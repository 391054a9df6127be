//! The seed's `DeferQueue` and `NewDeferQueue`.

use trimtab::queue::DeferQueue;
use trimtab::seams::virtual_time;

use crate::stage::{MS, SECOND};

/// `NewDeferQueue(tick)`: without the tick; nothing wakes while nothing is due.
/// behaviour Q17
#[test]
fn new_defer_queue_has_no_tick() {
    let steps = |wait| {
        virtual_time::run_traced(1, async |seams| {
            DeferQueue::<u32>::new(&seams)
                .process(seams.sleep(wait), |_| panic!("nothing was deferred"))
                .await;
            seams.now()
        })
    };
    let (ended, _) = steps(1000 * SECOND);
    assert_eq!(ended.as_nanos(), 1_000_000_000_000);
}

/// `DeferQueue.Defer(ctx, item, until)`: never waits; the seed's cancelled context is `cancel`.
/// behaviour Q6
#[test]
fn defer_queue_defer_can_be_taken_back() {
    virtual_time::run(1, async |seams| {
        let queue = DeferQueue::new(&seams);
        let handle = queue.handle();
        handle.defer("kept", seams.now() + SECOND);
        handle.defer("cancelled", seams.now() + SECOND);
        assert!(handle.cancel(&"cancelled"));
        assert!(!handle.cancel(&"unknown"));
        let mut seen = Vec::new();
        queue.process(seams.sleep(2 * SECOND), |item| seen.push(item)).await;
        assert_eq!(seen, ["kept"]);
        handle.defer("late", seams.now());
        assert!(handle.is_empty(), "harmless after the end");
    });
}

/// `DeferQueue.Process(ctx, callback)`: in order of their times, also what is deferred meanwhile, until it is told to stop. Processed twice, it
/// does not compile: `compile_fail`.
/// behaviour Q8, Q9
#[test]
fn defer_queue_process_calls_back_in_order() {
    virtual_time::run(1, async |seams| {
        let queue = DeferQueue::new(&seams);
        let handle = queue.handle();
        let begun = seams.now();
        for (item, millis) in [(30, 30), (10, 10), (21, 20), (20, 20), (5000, 5000)] {
            handle.defer(item, begun + millis * MS);
        }
        let mut seen = Vec::new();
        let again = handle.clone();
        let callback = |item| {
            seen.push((item, (seams.now() - begun).as_millis()));
            if item == 10 {
                again.defer(15, begun + 15 * MS);
            }
        };
        queue.process(seams.sleep(SECOND), callback).await;
        assert_eq!(seen, [(10, 10), (15, 15), (21, 20), (20, 20), (30, 30)]);
    });
}
