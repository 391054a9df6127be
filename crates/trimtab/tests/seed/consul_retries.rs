//! Consul's test of retries, told anew: a failing key goes through the limiter, one that asks for later does not, and each attempt is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use trimtab::RequeueAfter;
use trimtab::prelude::*;

use crate::counting_queue::{CountingQueue, Counts};
use crate::stage::{MS, until, with_store};

/// Answers five times as it is told to; then it is content.
struct Stubborn {
    left: AtomicU32,
    answer: fn() -> Result<Action>,
}

impl Reconciler for Stubborn {
    async fn reconcile(&self, _: &Context, _: Request) -> Result<Action> {
        match self.left.fetch_sub(1, Ordering::Relaxed) {
            1.. => (self.answer)(),
            0 => Ok(Action::done()),
        }
    }
}

/// What becomes of the claims of one key.
fn counted(answer: fn() -> Result<Action>) -> Counts {
    with_store(1, async |store| {
        let counts = Arc::new(Mutex::new(Counts::default()));
        let of_queue = Arc::clone(&counts);
        let controller = Controller::new(&store, Stubborn { left: AtomicU32::new(5), answer })
            .with_backoff(MS, MS)
            .with_queue_factory(move |settings| CountingQueue::new(settings, &of_queue));
        controller.handle().enqueue(Request::new("ingress-gateway", "edge"));
        controller.run(until(store.seams(), || counts.lock().done == 1)).await.unwrap();
        *counts.lock()
    })
}

/// behaviour C9
#[test]
fn each_failure_goes_through_the_limiter_and_the_success_is_done_once() {
    let wanted = Counts { done: 1, requeued: 0, rate_limited: 5 };
    assert_eq!(counted(|| Err("out of order".into())), wanted);
}

/// behaviour C9
#[test]
fn a_key_that_asks_for_later_does_not() {
    let wanted = Counts { done: 1, requeued: 5, rate_limited: 0 };
    assert_eq!(counted(|| Err(RequeueAfter(MS).into())), wanted);
    assert_eq!(counted(|| Err(RequeueAfter::now().into())), wanted);
    assert_eq!(counted(|| Ok(Action::requeue_after(MS))), wanted);
    assert_eq!(counted(|| Ok(Action::requeue_now())), wanted);
}

/// behaviour C16
#[test]
fn each_attempt_is_told_its_number() {
    with_store(1, async |store| {
        let attempts = Arc::new(Mutex::new(Vec::new()));
        let reconciler = reconcile_with(Arc::clone(&attempts), async |attempts, ctx, _| {
            attempts.lock().push(ctx.attempt());
            if ctx.attempt() == 5 { Ok(Action::done()) } else { Err("again".into()) }
        });
        let controller = Controller::new(&store, reconciler).with_backoff(MS, MS);
        let handle = controller.handle();
        handle.enqueue(Request::new("ingress-gateway", "edge"));
        controller.run(until(store.seams(), || handle.is_settled())).await.unwrap();
        assert_eq!(*attempts.lock(), [1, 2, 3, 4, 5]);
        assert!(handle.failing().is_empty());
    });
}
