//! The task behind a feed, from its first reset to its last error.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc;
use trimtab_backend::{Feed, FeedItem, FollowError, Position, ResetReason, Scope};

use super::live::{End, Live};
use super::patience::Patience;
use super::snapshot::Snapshot;
use crate::core::Core;

/// Items that wait for the reader. Then the task waits too, until the ring has overtaken it and the view begins anew.
const WAITING: usize = 256;
/// Records of a chunk.
const CHUNK: usize = 1024;

/// Follows a scope in a task of its own, which ends with the feed or with the store.
pub(crate) fn follow(core: &Arc<Core>, scope: Scope, from: Option<Position>) -> Feed {
    let (out, items) = mpsc::channel(WAITING);
    let task = Task { core: Arc::clone(core), scope, from, out };
    core.seams.spawn("consul feed", task.run());
    Feed::new(Items(items))
}

struct Task {
    core: Arc<Core>,
    scope: Scope,
    from: Option<Position>,
    out: Out,
}

/// Where items go.
pub(super) type Out = mpsc::Sender<Result<FeedItem, FollowError>>;

struct Items(mpsc::Receiver<Result<FeedItem, FollowError>>);

impl Stream for Items {
    type Item = Result<FeedItem, FollowError>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}

impl Task {
    async fn run(self) {
        let mut closing = self.core.closing();
        let end = tokio::select! {
            biased;
            () = self.out.closed() => return,
            _ = closing.wait_for(|closed| *closed) => FollowError::UNREACHABLE,
            end = self.tell() => match end {
                Some(error) => error,
                None => return,
            },
        };
        // Nobody may be there to hear it.
        _ = self.out.send(Err(end)).await;
    }

    /// Tells views until one cannot be told; nothing when nobody reads any more.
    async fn tell(&self) -> Option<FollowError> {
        let mut before: Option<(Position, ResetReason)> = None;
        loop {
            let mut patience = Patience::new(&self.core);
            let snapshot = loop {
                match self.core.snapshot(&self.scope).await {
                    Ok(snapshot) => break snapshot,
                    Err(error) => match patience.wait(error).await {
                        Ok(()) => {}
                        Err(error) => return Some(error),
                    },
                }
            };
            let why = match before {
                None => self.first_reason(&snapshot),
                Some((position, _)) if position.store != snapshot.store.id => ResetReason::OtherStore,
                Some((_, why)) => why,
            };
            let mut live = self.snapshot(why, snapshot).await?;
            match live.run().await {
                End::Reset(why) => before = Some((live.position(), why)),
                End::Failed(error) => return Some(error),
                End::Unheard => return None,
            }
        }
    }

    /// Why a view that somebody may hold must be forgotten. Consul keeps no history: what entries were cannot be told, so who was away begins anew.
    fn first_reason(&self, snapshot: &Snapshot) -> ResetReason {
        match self.from {
            None => ResetReason::First,
            Some(from) if from.store != snapshot.store.id => ResetReason::OtherStore,
            Some(from) if from.index > snapshot.position => ResetReason::IndexWentBack,
            Some(_) => ResetReason::Compacted,
        }
    }

    /// Tells a whole view; nothing when nobody reads any more.
    async fn snapshot(&self, why: ResetReason, snapshot: Snapshot) -> Option<Live<'_>> {
        let live = Live::new(&self.core, &self.scope, &self.out, &snapshot);
        self.out.send(Ok(FeedItem::Reset { why })).await.ok()?;
        let mut records = snapshot.records.into_iter();
        loop {
            let chunk: Vec<_> = records.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                break;
            }
            self.out.send(Ok(FeedItem::Chunk(chunk))).await.ok()?;
        }
        self.out.send(Ok(FeedItem::Synced(live.position()))).await.ok()?;
        Some(live)
    }
}
