//! Overload in virtual time: 200 keys, 4 workers of 10 ms a run, more adds than runs.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use trimtab_queue::{Add, Priority, QueueSettings, RateLimitedQueue, WorkQueue};
use trimtab_seams::virtual_time;

const KEYS: usize = 200;
const RUN: Duration = Duration::from_millis(10);
const LENGTH: Duration = Duration::from_secs(200);

/// How often each key was served. Keys are added round robin, `load` times as many as can be served; the first `low` at low priority.
fn served(load: f64, low: usize) -> Vec<u32> {
    virtual_time::run(1, async |seams| {
        let queue = RateLimitedQueue::<usize>::new(QueueSettings::new(&seams));
        let served = Arc::new(Mutex::new(vec![0; KEYS]));
        for _ in 0..4 {
            let (queue, seams_of_worker, served) = (queue.clone(), seams.clone(), Arc::clone(&served));
            seams.spawn("worker", async move {
                while let Some(claim) = queue.get().await {
                    seams_of_worker.sleep(RUN).await;
                    served.lock().unwrap()[*claim] += 1;
                    claim.done();
                }
            });
        }
        let pause = RUN.div_f64(4.0 * load);
        let end = seams.now() + LENGTH;
        let mut key = 0;
        while seams.now() < end {
            let level = if key < low { Priority::Low } else { Priority::Normal };
            queue.push(Add::now(key).with_priority(level));
            key = (key + 1) % KEYS;
            seams.sleep(pause).await;
        }
        queue.shutdown();
        served.lock().unwrap().clone()
    })
}

fn spread(served: &[u32]) -> (u32, u32) {
    (served.iter().copied().min().unwrap(), served.iter().copied().max().unwrap())
}

/// behaviour Q14
/// guarantee Q-f
#[test]
fn under_overload_all_keys_of_one_level_are_served_within_a_factor_of_two() {
    for load in [1.2, 5.0] {
        let (least, most) = spread(&served(load, 0));
        assert!(least >= 390 && most <= 410, "at {load}: {least} to {most}");
    }
}

/// behaviour Q14: of a low and a normal level that are both never empty, every ninth hand-out goes to the low one
/// guarantee Q-f
#[test]
fn under_overload_no_low_key_is_left_unserved() {
    for (load, bound) in [(1.2, 300), (5.0, 80)] {
        let served = served(load, KEYS / 2);
        let (low, normal) = (spread(&served[..KEYS / 2]), spread(&served[KEYS / 2..]));
        assert!(low.0 >= bound && low.1 <= 2 * low.0, "low at {load}: {low:?}");
        assert!(normal.1 <= 2 * normal.0, "normal at {load}: {normal:?}");
        let total: u32 = served.iter().sum();
        let of_low: u32 = served[..KEYS / 2].iter().sum();
        assert!(of_low * 10 >= total, "{of_low} of {total} at {load}");
    }
}
