//! How waiting ends: for a position, for a verdict, for a follower that is no more.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_core::Stream;
use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FeedItem, FollowError, Index, Key, Pending, Position, Record,
    ResetReason, Scope, Transaction, Verdict,
};
use trimtab_seams::{Seams, virtual_time};
use trimtab_store::{AtLeastError, Following, Snapshot, Store};

use crate::scripted::{Scripted, position};
use crate::{SECOND, open, site};

type Waiting = Pin<Box<dyn Future<Output = Result<Snapshot, AtLeastError>> + Send>>;

fn waiting(store: &Store) -> Waiting {
    let store = store.clone();
    Box::pin(async move { store.at_least(position(9)).await })
}

/// A task that only its wakers keep alive, and that waits for a position itself.
struct Task {
    _waiting: Mutex<Waiting>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

/// What waits for a position and is handed to another task lets go of the first one's waker, which may be the last that keeps that task. Dropped
/// under the lock of those who wait, the task took itself off the list and waited for this lock for ever, and the follower with it.
/// behaviour C17
#[test]
fn a_wait_that_changes_hands_may_drop_a_task_that_waits_too() {
    virtual_time::run(1, async |seams| {
        let (store, _feed) = Scripted::default().open(&seams, Vec::new()).await;
        let (done, waits) = mpsc::channel();
        let thread = std::thread::Builder::new().spawn(move || {
            let mut noop = Context::from_waker(Waker::noop());
            let (mut shared, mut own) = (waiting(&store), waiting(&store));
            assert!(own.as_mut().poll(&mut noop).is_pending());
            let only = Waker::from(Arc::new(Task { _waiting: Mutex::new(own) }));
            assert!(shared.as_mut().poll(&mut Context::from_waker(&only)).is_pending());
            drop(only);
            assert!(shared.as_mut().poll(&mut noop).is_pending());
            done.send(()).expect("the test waits");
        });
        assert!(thread.is_ok());
        waits.recv_timeout(Duration::from_secs(10)).expect("nothing waits for itself");
    });
}

/// A backend that tells what the function says, item by item; and which learns what became of a commit only by asking what became of the
/// question.
struct Odd(fn(usize) -> Poll<FeedItem>);

const RESET: FeedItem = FeedItem::Reset { why: ResetReason::IndexWentBack };

fn synced(index: u64) -> Poll<FeedItem> {
    Poll::Ready(FeedItem::Synced(position(index)))
}

/// Its feed.
struct Told(usize, fn(usize) -> Poll<FeedItem>);

impl Stream for Told {
    type Item = Result<FeedItem, FollowError>;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0 += 1;
        self.1(self.0).map(|item| Some(Ok(item)))
    }
}

impl Backend for Odd {
    async fn commit(&self, _: Transaction) -> Result<Commit, CommitError> {
        Err(CommitError::Unknown(Pending::new(1_u8)))
    }

    async fn resolve(&self, pending: Pending) -> Result<Verdict, CommitError> {
        match pending.ticket::<u8>() {
            Some(2) => Ok(Verdict::Committed(position(2))),
            _ => Err(CommitError::Unknown(Pending::new(2_u8))),
        }
    }

    async fn read(&self, _: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        Ok((position(1), Vec::new()))
    }

    async fn follow(&self, _: Scope, _: Option<Position>) -> Result<Feed, FollowError> {
        Ok(Feed::new(Told(0, self.0)))
    }
}

/// Asking what became of a commit is itself a write whose outcome may be unknown (contract U2). What was learnt of it was thrown away, and the
/// door asked its first question again until its patience was at an end.
/// contract U2
#[test]
fn the_door_goes_on_from_what_the_last_question_left_open() {
    virtual_time::run(2, async |seams| {
        let odd = Odd(|nth| match nth {
            1 => Poll::Ready(RESET),
            2 => synced(1),
            _ => Poll::Pending,
        });
        let store = open(&seams, odd).await;
        let committed = store.door().commit(site("a", 1).create(), &store.view(), &[]).await;
        assert_eq!(committed.expect("it has happened").commit.position().index, Index::new(2));
    });
}

/// The follower's end was told only by a follower that came to its end by itself: after a panic `close` and everybody who waited for a position
/// waited for ever.
/// guarantee Q-h, fault F4
#[tokio::test]
async fn a_follower_that_panicked_is_closed_like_any_other() {
    let odd = Odd(|nth| match nth {
        1 => Poll::Ready(RESET),
        2 => synced(1),
        _ => panic!("a feed of somebody else's, told to panic by its test"),
    });
    let store = open(&Seams::tokio(), odd).await;
    let ended = async {
        assert!(matches!(store.at_least(position(9)).await, Err(AtLeastError::Closed)));
        store.close().await;
    };
    let mut limit = pin!(store.seams().sleep(10 * SECOND));
    let mut ended = pin!(ended);
    std::future::poll_fn(|cx| {
        assert!(limit.as_mut().poll(cx).is_pending(), "somebody still waits for it");
        ended.as_mut().poll(cx)
    })
    .await;
    assert_eq!(store.health().following, Following::Closed);
}

/// A view that had reached the position and was replaced at that very moment by an older one was given out as if it included the position.
/// behaviour C17, guarantee W-b
#[test]
fn a_snapshot_that_was_waited_for_includes_the_position_whatever_is_put_in_its_place() {
    let flipping = Odd(|nth| match nth % 4 {
        1 | 3 => Poll::Ready(RESET),
        2 => synced(1),
        _ => synced(9),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a thread");
    let store = runtime.block_on(async { open(&Seams::tokio(), flipping).await });
    let (mut included, mut not) = (0_u32, 0_u32);
    while store.health().resets < 40_000 || included == 0 || not == 0 {
        match pin!(store.at_least(position(5))).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(snapshot)) => {
                let at = snapshot.position().expect("it is open");
                assert!(at.index >= Index::new(5), "after {included}: {at}");
                included += 1;
            }
            Poll::Ready(Err(_)) | Poll::Pending => not += 1,
        }
    }
}
