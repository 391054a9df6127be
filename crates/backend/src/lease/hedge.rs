//! Trying again beside a try that hangs.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use trimtab_seams::Seams;

/// Begins the work, and begins it once more beside itself each time this long has passed without a result, until so many are under way. Gives the first result and drops
/// the others. For work that does the same when it is done twice.
pub(super) async fn hedged<W: Future>(
    seams: &Seams,
    every: Duration,
    most: usize,
    begin: impl Fn() -> W,
) -> W::Output {
    let mut under_way: Vec<Pin<Box<W>>> = vec![Box::pin(begin())];
    let mut alarm = pin!(seams.sleep(every));
    poll_fn(|cx| {
        loop {
            for work in &mut under_way {
                if let Poll::Ready(result) = work.as_mut().poll(cx) {
                    return Poll::Ready(result);
                }
            }
            if under_way.len() >= most || alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            alarm.reset(seams.now() + every);
            under_way.push(Box::pin(begin()));
        }
    })
    .await
}
