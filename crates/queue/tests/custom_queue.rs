//! A queue of one's own: four methods, and a place for claims to come home to.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::Mutex;
use std::task::{Poll, Waker};

use trimtab_queue::{Add, Claim, Finish, Outcome, WorkQueue};

/// Last in, first out. No delays, no priorities.
#[derive(Clone, Default)]
struct Lifo(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    stack: Vec<u32>,
    running: BTreeSet<u32>,
    again: BTreeSet<u32>,
    shut: bool,
    sleeping: Vec<Waker>,
}

struct Home(Lifo);

impl WorkQueue<u32> for Lifo {
    fn push(&self, add: Add<u32>) {
        let mut inner = self.0.lock().unwrap();
        if inner.running.contains(&add.item) {
            inner.again.insert(add.item);
        } else if !inner.shut && !inner.stack.contains(&add.item) {
            inner.stack.push(add.item);
        }
        inner.sleeping.drain(..).for_each(Waker::wake);
    }

    async fn get(&self) -> Option<Claim<u32>> {
        poll_fn(|cx| {
            let mut inner = self.0.lock().unwrap();
            match inner.stack.pop() {
                _ if inner.shut => Poll::Ready(None),
                Some(item) => {
                    inner.running.insert(item);
                    Poll::Ready(Some(Claim::new(item, (), Arc::new(Home(self.clone())))))
                }
                None => {
                    inner.sleeping.push(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn forget(&self, _: &u32) {}

    fn shutdown(&self) {
        self.0.lock().unwrap().shut = true;
        self.0.lock().unwrap().sleeping.drain(..).for_each(Waker::wake);
    }
}

impl Finish<u32> for Home {
    fn finish(&self, item: u32, (): (), outcome: Outcome) {
        let mut inner = self.0.0.lock().unwrap();
        inner.running.remove(&item);
        if inner.again.remove(&item) || !matches!(outcome, Outcome::Done) {
            inner.stack.push(item);
        }
    }
}

/// behaviour Q1, Q3, Q10
#[tokio::test]
async fn a_queue_of_ones_own_is_four_methods_and_hands_out_the_same_claims() {
    let queue = Lifo::default();
    queue.push_all([1, 2, 1].map(Add::now));
    let claim = queue.get().await.expect("not shut down");
    assert_eq!((*claim, claim.failures(), claim.is_superseded()), (2, 0, false));
    queue.add(2);
    claim.done();
    queue.get().await.expect("not shut down").done();
    drop(queue.get().await.expect("not shut down"));
    assert_eq!(queue.get().await.map(|claim| *claim), Some(1), "dropped, so again");
    queue.shutdown();
    assert!(queue.get().await.is_none());
}
