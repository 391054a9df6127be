//! The task that follows the backend. It ends with the store, and for no other reason (behaviour C4).

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use trimtab_backend::{Backend, Feed, FeedItem, FollowError, Position, RecordChange, ResetReason};
use trimtab_seams::Instant;

use super::applier::Applier;
use super::core::Core;
use super::retry::Retry;
use super::synced::Snapshotting;
use super::yielding::yield_now;
use super::{Following, OpenError};

/// How many cells are tidied in one idle turn.
const TIDY: usize = 16;
/// How many items are taken before other tasks get a turn.
const TURN: u32 = 64;

/// Follows until the store is closed or dropped.
pub(super) async fn run(core: Arc<Core>) {
    let mut follower = Follower {
        core: &core,
        applier: Applier::default(),
        retry: Retry::new(Duration::from_millis(100), Duration::from_secs(30)),
        failing_since: None,
        anew: None,
    };
    let _end = End(&core);
    while let Some(error) = follower.follow().await {
        if !follower.wait(error).await {
            break;
        }
    }
}

/// Tells everybody that nothing more comes: also after a panic, and when the follower is dropped with its runtime.
struct End<'a>(&'a Core);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.set_following(Following::Closed);
        self.0.arrivals.close();
        self.0.publisher.shutdown();
        self.0.ended.set();
    }
}

struct Follower<'a> {
    core: &'a Core,
    applier: Applier,
    retry: Retry,
    failing_since: Option<Instant>,
    /// The view is no longer trusted to follow on from.
    anew: Option<ResetReason>,
}

impl Follower<'_> {
    /// Follows one feed to its end. Gives why it ended; none when the store is to stop.
    async fn follow(&mut self) -> Option<FollowError> {
        let core = self.core;
        let from = core.state.position().filter(|_| self.anew.is_none());
        let scope = core.state.about().scope().clone();
        let mut feed = match core.stop.or(core.backend.follow(scope, from)).await? {
            Ok(feed) => feed,
            Err(error) => return Some(error),
        };
        // A feed may have begun before anybody was asked: while something is in the way, only what it tells says that it lives.
        let mut is_live = from.is_some() && core.backend.trouble().is_none();
        if is_live {
            core.set_following(Following::Live);
        }
        let mut snapshotting = None;
        for taken in 1_u32.. {
            let item = match self.next(&mut feed).await? {
                Ok(item) => item,
                Err(error) => return Some(error),
            };
            self.succeeded();
            match item {
                FeedItem::Reset { why } => {
                    // The first reason stands, but for the one that makes it another history.
                    let first = self.anew.take().filter(|_| why != ResetReason::IndexWentBack);
                    let why = first.unwrap_or(why);
                    // The first reading is no news.
                    if why != ResetReason::First {
                        tracing::info!(?why, "the view is read anew");
                    }
                    // Should the feed end before the snapshot does, the next one must not go on from the old view.
                    self.anew = Some(why);
                    core.set_following(Following::Reading);
                    snapshotting = Some(Snapshotting::new(why));
                }
                FeedItem::Chunk(records) => {
                    if let Some(snapshotting) = &mut snapshotting {
                        snapshotting.take(core, records);
                    }
                }
                FeedItem::Synced(position) => {
                    if let Some(snapshotting) = snapshotting.take() {
                        snapshotting.replace(core, position).await;
                        self.anew = None;
                        is_live = true;
                        core.set_following(Following::Live);
                        core.set_opened(Ok(()));
                    }
                }
                FeedItem::Batch { after, upto, changes } => {
                    core.told(changes.is_empty());
                    let view = core.state.position().filter(|_| snapshotting.is_none());
                    let at = Position { store: upto.store, index: after };
                    if !self.batch(view, at, upto, &changes) {
                        self.anew = Some(ResetReason::Suspect);
                        return Some(FollowError::Unavailable {
                            why: trimtab_backend::Why::Busy,
                            retry_after: None,
                        });
                    }
                    if !is_live && snapshotting.is_none() {
                        is_live = true;
                        core.set_following(Following::Live);
                    }
                }
            }
            if taken % TURN == 0 {
                yield_now().await;
            }
        }
        None
    }

    /// Applies a batch to the view. False when it does not fit: something was missed.
    fn batch(
        &mut self,
        view: Option<Position>,
        after: Position,
        upto: Position,
        changes: &[RecordChange],
    ) -> bool {
        match view {
            Some(view) if view == after && (upto.index > view.index || changes.is_empty()) => {
                if upto.index > view.index {
                    self.applier.apply(self.core, upto, changes);
                }
                true
            }
            // Told before (fault F14).
            Some(view) if view.store == upto.store && upto.index <= view.index => true,
            _ => {
                tracing::warn!(?view, %after, %upto, "a batch does not follow on from the view; it is read anew");
                false
            }
        }
    }

    /// The next item; none when the store is to stop. While there is none, old versions are let go of.
    async fn next(&self, feed: &mut Feed) -> Option<Result<FeedItem, FollowError>> {
        poll_fn(|cx| {
            if self.core.stop.poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            let polled = feed.poll_next(cx).map(Some);
            if polled.is_pending() && self.core.state.tidy(TIDY) {
                cx.waker().wake_by_ref();
            }
            polled
        })
        .await
    }

    fn succeeded(&mut self) {
        if self.failing_since.take().is_some() {
            self.retry.succeeded();
        }
    }

    /// Waits before the next try. False when the store is to stop.
    async fn wait(&mut self, error: FollowError) -> bool {
        let core = self.core;
        let fatal = !matches!(error, FollowError::Unavailable { .. });
        if fatal {
            core.set_opened(Err(OpenError::Follow(error.clone())));
        }
        let asked = match &error {
            FollowError::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        };
        let since = *self.failing_since.get_or_insert_with(|| core.seams.now());
        let delay = self.retry.failed(&core.seams, asked);
        let explained = core.health().explained(&error);
        tracing::warn!(
            error = explained,
            attempts = self.retry.attempts(),
            ?delay,
            "the store is not followed; trying again"
        );
        core.set_following(Following::Retrying { error, attempts: self.retry.attempts(), since });
        core.stop.or(core.seams.sleep(delay)).await.is_some()
    }
}
