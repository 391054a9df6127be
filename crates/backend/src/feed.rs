//! What a follower is told.
//!
//! A feed is a stream, so that a backend may make it from whatever it has: a cursor on a log, a watch of a server, a channel. It is
//! never a callback: the follower pulls, and so a slow follower slows nobody.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use parking_lot::Mutex;

use crate::{Index, Invalid, Position, Record, RecordChange, Why};

/// One item of a feed.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedItem {
    /// Forget the view: chunks and `Synced` follow, or the feed ends and is to be followed anew without a position.
    Reset {
        /// What happened.
        why: ResetReason,
    },
    /// Records of the new view.
    Chunk(Vec<Record>),
    /// The chunks since the reset are the whole scope at this position.
    Synced(Position),
    /// Whole commits: they take the view from the state at `after` to the state at `upto`, exactly (contract F1). Without changes: progress.
    Batch {
        /// The `upto` before; at the first batch the position followed from or synced at.
        after: Index,
        /// Where the view then stands.
        upto: Position,
        /// The changes, shared by all that hold the batch. Order means nothing but for one key: a delete stands before a put that re-creates it.
        changes: Arc<[RecordChange]>,
    },
}

/// Why a view must be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetReason {
    /// There was none: this is the first.
    First,
    /// The history no longer reaches back to the position.
    Compacted,
    /// The follower was too slow for the memory it may pin.
    Overflow,
    /// The store's index is below the position: an older copy was put back.
    IndexWentBack,
    /// The position is of another store.
    OtherStore,
    /// The store's answers do not fit together.
    Suspect,
}

/// Why a scope cannot be followed or read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// Try again later.
    #[error("the store is unavailable: {why}")]
    Unavailable {
        /// What is in the way.
        why: Why,
        /// How long the store asks to wait.
        retry_after: Option<Duration>,
    },
    /// A right is missing: a person must act. Never to be read as "deleted".
    #[error("denied: {what}")]
    Denied {
        /// Which right, on what.
        what: String,
    },
    /// The request breaks a rule.
    #[error("invalid: {0}")]
    Invalid(#[from] Invalid),
    /// The store is not to be trusted until somebody has looked.
    #[error("the store is broken: {what}")]
    Broken {
        /// What broke, naming the file or server, and what to do.
        what: String,
    },
}

impl FollowError {
    /// Cannot be reached; no hint when to try again.
    pub const UNREACHABLE: Self = Self::Unavailable { why: Why::Unreachable, retry_after: None };
}

/// A scope as it changes. After an error: drop it and follow again from the last position.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), trimtab_backend::FollowError> {
/// use trimtab_backend::{Feed, FeedItem, ResetReason};
///
/// let (sender, mut feed) = Feed::channel(1);
/// assert!(sender.send(Ok(FeedItem::Reset { why: ResetReason::First })));
/// assert!(sender.send(Ok(FeedItem::Chunk(Vec::new()))), "one too many: now it has overflowed");
/// assert_eq!(feed.next().await?, FeedItem::Reset { why: ResetReason::Overflow });
/// assert!(feed.next().await.is_err(), "and ended: follow anew");
/// # Ok(()) }
/// ```
#[must_use = "a feed tells what is asked of it by `next`"]
pub struct Feed(Pin<Box<dyn Stream<Item = Result<FeedItem, FollowError>> + Send>>);

impl Feed {
    /// A feed of any stream. Its end is told as [`FollowError::UNREACHABLE`].
    pub fn new(stream: impl Stream<Item = Result<FeedItem, FollowError>> + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }

    /// A feed whose items are pushed. At most `bound` items wait; one more and all of them are let go, the reader is told
    /// `Reset(Overflow)` and the feed ends: a slow reader pins bounded memory and never slows the pusher.
    pub fn channel(bound: usize) -> (FeedSender, Self) {
        let channel = Arc::new(Mutex::new(Channel { bound, ..Channel::default() }));
        (FeedSender(Arc::clone(&channel)), Self::new(Receiver(channel)))
    }

    /// The next item. Cancel safe.
    pub async fn next(&mut self) -> Result<FeedItem, FollowError> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// As [`Feed::next`], for those who poll by hand.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<FeedItem, FollowError>> {
        self.0.as_mut().poll_next(cx).map(|item| item.unwrap_or(Err(FollowError::UNREACHABLE)))
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Feed")
    }
}

#[derive(Default)]
struct Channel {
    waiting: VecDeque<Result<FeedItem, FollowError>>,
    bound: usize,
    /// No more will be pushed: the sender or the reader is gone, or it overflowed.
    ended: bool,
    reader: Option<Waker>,
}

/// The pushing end of [`Feed::channel`]. Dropping it ends the feed once what waits has been read.
pub struct FeedSender(Arc<Mutex<Channel>>);

impl FeedSender {
    /// Pushes an item; never waits. False when nobody will read it: the feed was dropped or has overflowed.
    pub fn send(&self, item: Result<FeedItem, FollowError>) -> bool {
        let reader = {
            let mut channel = self.0.lock();
            if channel.ended {
                return false;
            }
            if channel.waiting.len() < channel.bound {
                channel.waiting.push_back(item);
            } else {
                channel.waiting.clear();
                channel.waiting.push_back(Ok(FeedItem::Reset { why: ResetReason::Overflow }));
                channel.ended = true;
            }
            channel.reader.take()
        };
        reader.into_iter().for_each(Waker::wake);
        true
    }

    /// Whether nothing pushed will be read any more.
    pub fn is_ended(&self) -> bool {
        self.0.lock().ended
    }
}

impl Drop for FeedSender {
    fn drop(&mut self) {
        let reader = {
            let mut channel = self.0.lock();
            channel.ended = true;
            channel.reader.take()
        };
        reader.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for FeedSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeedSender")
    }
}

struct Receiver(Arc<Mutex<Channel>>);

impl Stream for Receiver {
    type Item = Result<FeedItem, FollowError>;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut channel = self.0.lock();
        if let Some(item) = channel.waiting.pop_front() {
            return Poll::Ready(Some(item));
        }
        if channel.ended {
            return Poll::Ready(None);
        }
        let replaced = channel.reader.replace(cx.waker().clone());
        // It may be the last that kept a task alive, and the task may hold the sender.
        drop(channel);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let (waiting, reader) = {
            let mut channel = self.0.lock();
            channel.ended = true;
            (std::mem::take(&mut channel.waiting), channel.reader.take())
        };
        drop((waiting, reader));
    }
}
