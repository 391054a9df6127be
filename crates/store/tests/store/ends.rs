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

/// A backend with an empty snapshot, which learns what became of a commit only by asking what became of the question.
struct Odd {
    panics: bool,
}

/// Its feed.
struct Snapshotted {
    told: usize,
    panics: bool,
}

impl Stream for Snapshotted {
    type Item = Result<FeedItem, FollowError>;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.told += 1;
        match self.told {
            1 => Poll::Ready(Some(Ok(FeedItem::Reset { why: ResetReason::First }))),
            2 => Poll::Ready(Some(Ok(FeedItem::Synced(position(1))))),
            _ => {
                assert!(!self.panics, "a feed of somebody else's, told to panic by its test");
                Poll::Pending
            }
        }
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
        Ok(Feed::new(Snapshotted { told: 0, panics: self.panics }))
    }
}

/// Asking what became of a commit is itself a write whose outcome may be unknown (contract U2). What was learnt of it was thrown away, and the
/// door asked its first question again until its patience was at an end.
/// contract U2
#[test]
fn the_door_goes_on_from_what_the_last_question_left_open() {
    virtual_time::run(2, async |seams| {
        let store = open(&seams, Odd { panics: false }).await;
        let committed = store.door().commit(site("a", 1).create(), &store.view(), &[]).await;
        assert_eq!(committed.expect("it has happened").commit.position().index, Index::new(2));
    });
}

/// The follower's end was told only by a follower that came to its end by itself: after a panic `close` and everybody who waited for a position
/// waited for ever.
/// guarantee Q-h, fault F4
#[tokio::test]
async fn a_follower_that_panicked_is_closed_like_any_other() {
    let store =
        Store::builder(Odd { panics: true }).seams(&Seams::tokio()).open().await.expect("the snapshot came");
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
