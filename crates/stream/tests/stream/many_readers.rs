//! Many readers beside one writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use trimtab_seams::virtual_time;
use trimtab_stream::{Message, SubscribeRequest};

use crate::ledger::{Ledger, line};

const READERS: u64 = 1_000;
const BATCHES: u64 = 1_000;

/// behaviour S11
#[test]
fn a_thousand_readers_with_random_pauses_each_see_a_thousand_batches_in_order() {
    let seen = virtual_time::run(11, async |seams| {
        let ledger = Ledger::new(&seams);
        let seen = Arc::new(AtomicU64::new(0));
        for _ in 0..READERS {
            let mut subscription = ledger.subscribe(SubscribeRequest::all("orders"));
            let (seams_of_reader, seen) = (seams.clone(), Arc::clone(&seen));
            seams.spawn("reader", async move {
                assert_eq!(subscription.next().await, Ok(Message::EndOfSnapshot(0)));
                for batch in 1..=BATCHES {
                    let Ok(Message::Changes { index, events }) = subscription.next().await else {
                        panic!("batch {batch} is missing");
                    };
                    assert_eq!((index, events[0].payload), (batch, Some(batch)));
                    seen.fetch_add(1, Ordering::Relaxed);
                    if seams_of_reader.random() % 64 == 0 {
                        let pause = seams_of_reader.random_below(Duration::from_millis(100));
                        seams_of_reader.sleep(pause).await;
                    }
                }
            });
        }
        for batch in 1..=BATCHES {
            ledger.publisher.publish(batch, [line("orders", "a", batch)]).unwrap();
            if seams.random() % 4 == 0 {
                let pause = seams.random_below(Duration::from_millis(10));
                seams.sleep(pause).await;
            }
        }
        seams.sleep(Duration::from_secs(60)).await;
        seen.load(Ordering::Relaxed)
    });
    assert_eq!(seen, READERS * BATCHES);
}
