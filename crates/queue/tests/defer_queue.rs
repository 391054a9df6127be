//! The defer queue, alone.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use trimtab_queue::{DeferHandle, DeferQueue};
use trimtab_seams::{Instant, Seams, virtual_time};

const SECOND: Duration = Duration::from_secs(1);

type Calls = Vec<(&'static str, Duration)>;

/// What is called back within a minute, and when.
fn calls(defer: impl AsyncFnOnce(DeferHandle<&'static str>, &Seams)) -> Calls {
    virtual_time::run(1, async |seams| {
        let queue = DeferQueue::new(&seams);
        let handle = queue.handle();
        let calls = Arc::new(Mutex::new(Calls::new()));
        let (noted, clock) = (Arc::clone(&calls), seams.clone());
        let stop = seams.sleep(60 * SECOND);
        seams.spawn("processor", async move {
            let note = |item| noted.lock().unwrap().push((item, clock.now() - Instant::ORIGIN));
            queue.process(stop, note).await;
        });
        defer(handle.clone(), &seams).await;
        seams.sleep_until(Instant::ORIGIN + 61 * SECOND).await;
        handle.defer("after the end", seams.now());
        assert!(handle.is_empty(), "harmless after the end");
        calls.lock().unwrap().clone()
    })
}

fn at(seconds: u32) -> Instant {
    Instant::ORIGIN + seconds * SECOND
}

/// behaviour Q6, Q8
#[test]
fn items_are_called_back_at_their_times_whatever_the_order_of_the_calls() {
    let calls = calls(async |handle, _| {
        handle.defer("third", at(3));
        handle.defer("first", at(1));
        handle.defer("second", at(2));
        handle.defer("never", at(120));
    });
    assert_eq!(calls, [("first", SECOND), ("second", 2 * SECOND), ("third", 3 * SECOND)]);
}

/// behaviour Q9
#[test]
fn equal_times_keep_the_order_of_the_calls_and_the_past_is_now() {
    let calls = calls(async |handle, seams| {
        seams.sleep_until(at(10)).await;
        for item in ["a", "b", "c"] {
            handle.defer(item, at(20));
        }
        handle.defer("past", at(5));
        handle.defer("longer past", at(4));
    });
    let late = |item| (item, 20 * SECOND);
    assert_eq!(calls, [("longer past", 10 * SECOND), ("past", 10 * SECOND), late("a"), late("b"), late("c")]);
}

/// behaviour Q6
#[test]
fn the_earlier_time_wins_a_reschedule_moves_and_a_cancel_takes_back() {
    let calls = calls(async |handle, seams| {
        handle.defer("earlier", at(9));
        handle.defer("earlier", at(5));
        handle.defer("earlier", at(7));
        handle.defer("moved", at(2));
        handle.reschedule("moved", at(8));
        handle.defer("cancelled", at(3));
        assert_eq!(handle.len(), 3);
        assert!(handle.cancel(&"cancelled") && !handle.cancel(&"cancelled"));
        seams.sleep_until(at(6)).await;
        handle.defer("earlier", at(11));
    });
    assert_eq!(calls, [("earlier", 5 * SECOND), ("moved", 8 * SECOND), ("earlier", 11 * SECOND)]);
}

/// behaviour Q3
#[test]
fn a_callback_may_defer_its_own_item() {
    let seen = virtual_time::run(1, async |seams| {
        let queue = DeferQueue::new(&seams);
        let handle = queue.handle();
        handle.defer("tick", at(1));
        let mut seen = 0;
        queue
            .process(seams.sleep_until(at(10)), |item| {
                seen += 1;
                handle.defer(item, seams.now() + 2 * SECOND);
            })
            .await;
        seen
    });
    assert_eq!(seen, 5, "at 1, 3, 5, 7, 9");
}
