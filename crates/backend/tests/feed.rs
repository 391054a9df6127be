//! The feed: pushed items, its bound, its end, and letting go of it at any poll.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use trimtab_backend::{Feed, FeedItem, FeedSender, FollowError, Index, Position, ResetReason, StoreId, Why};

fn synced(index: u64) -> FeedItem {
    FeedItem::Synced(Position { store: StoreId::new([1; 16]), index: Index::new(index) })
}

/// Polls once, with a future that is then dropped.
fn poll(feed: &mut Feed, waker: &Waker) -> Poll<Result<FeedItem, FollowError>> {
    pin!(feed.next()).as_mut().poll(&mut Context::from_waker(waker))
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn items_come_in_order_and_the_end_is_an_error() {
    let (sender, mut feed) = Feed::channel(3);
    (1..=3).for_each(|n| assert!(sender.send(Ok(synced(n)))));
    drop(sender);
    for n in 1..=3 {
        assert_eq!(poll(&mut feed, Waker::noop()), Poll::Ready(Ok(synced(n))));
    }
    for _ in 0..2 {
        assert_eq!(
            poll(&mut feed, Waker::noop()),
            Poll::Ready(Err(FollowError::UNREACHABLE)),
            "the end stays"
        );
    }
}

/// contract test 40, at the channel: bounded memory, and the pusher is told to stop.
#[test]
fn one_item_above_the_bound_makes_it_a_reset_and_the_end() {
    let (sender, mut feed) = Feed::channel(2);
    assert!(sender.send(Ok(synced(1))) && sender.send(Ok(synced(2))));
    assert!(!sender.is_ended());
    assert!(sender.send(Ok(synced(3))), "the reset will be read");
    assert!(sender.is_ended() && !sender.send(Ok(synced(4))), "nothing after it will");
    let reset = FeedItem::Reset { why: ResetReason::Overflow };
    assert_eq!(poll(&mut feed, Waker::noop()), Poll::Ready(Ok(reset)));
    assert_eq!(poll(&mut feed, Waker::noop()), Poll::Ready(Err(FollowError::UNREACHABLE)));
}

/// contract test 43, guarantee Q-j
#[test]
fn a_next_dropped_at_any_poll_loses_nothing_and_leaves_its_waker() {
    let (sender, mut feed) = Feed::channel(8);
    let counter = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&counter));
    for n in 1..=20_u64 {
        assert_eq!(poll(&mut feed, &waker), Poll::Pending);
        assert_eq!(poll(&mut feed, &waker), Poll::Pending);
        assert!(sender.send(Ok(synced(n))));
        assert_eq!(counter.0.load(Ordering::Relaxed) as u64, n, "woken once, though polled twice");
        assert_eq!(poll(&mut feed, &waker), Poll::Ready(Ok(synced(n))));
    }
    assert_eq!(poll(&mut feed, &waker), Poll::Pending);
    drop(sender);
    assert_eq!(counter.0.load(Ordering::Relaxed), 21, "the end wakes too");
}

#[test]
fn an_error_passes_in_its_turn() {
    let (sender, mut feed) = Feed::channel(2);
    let denied = FollowError::Denied { what: "reading sites".into() };
    assert!(sender.send(Ok(synced(1))) && sender.send(Err(denied.clone())));
    assert_eq!(poll(&mut feed, Waker::noop()), Poll::Ready(Ok(synced(1))));
    assert_eq!(poll(&mut feed, Waker::noop()), Poll::Ready(Err(denied.clone())));
    assert_eq!(denied.to_string(), "denied: reading sites");
    let away = FollowError::Unavailable { why: Why::NoLeader, retry_after: None };
    assert_eq!(away.to_string(), "the store is unavailable: it has no leader");
}

#[test]
fn a_feed_that_was_dropped_tells_the_pusher() {
    let (sender, feed) = Feed::channel(2);
    drop(feed);
    assert!(sender.is_ended() && !sender.send(Ok(synced(1))));
}

/// A task that only its wakers keep alive, and that owns the pushing end.
struct Pusher {
    _sender: FeedSender,
}

impl Wake for Pusher {
    fn wake(self: Arc<Self>) {}
}

/// A feed that is handed to another task lets go of the first one's waker, which may be the last that keeps that task. Dropped under the
/// channel's lock, the task's sender waited for this lock for ever.
#[test]
fn a_feed_that_changes_hands_may_drop_the_task_that_pushes() {
    let (done, waits) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().spawn(move || {
        let (sender, mut feed) = Feed::channel(1);
        let waker = Waker::from(Arc::new(Pusher { _sender: sender }));
        assert!(poll(&mut feed, &waker).is_pending());
        drop(waker);
        let _pending = poll(&mut feed, Waker::noop());
        done.send(poll(&mut feed, Waker::noop())).expect("the test waits");
    });
    assert!(thread.is_ok());
    let end = waits.recv_timeout(std::time::Duration::from_secs(10)).expect("nothing waits for itself");
    assert_eq!(end, Poll::Ready(Err(FollowError::UNREACHABLE)), "and nobody pushes any more");
}

/// guarantee Q-g: a pusher that goes on for hours must not keep the task of a reader that left.
#[test]
fn a_feed_that_is_dropped_takes_its_waker_along() {
    let (sender, mut feed) = Feed::channel(1);
    let task = Arc::new(Wakes::default());
    assert!(poll(&mut feed, &Waker::from(Arc::clone(&task))).is_pending());
    drop(feed);
    assert_eq!(Arc::strong_count(&task), 1);
    assert!(sender.is_ended());
}
