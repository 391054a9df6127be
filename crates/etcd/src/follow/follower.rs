//! One follower, from item to item.

use std::collections::VecDeque;
use std::sync::Arc;

use trimtab_backend::{FeedItem, FollowError, RecordChange, ResetReason, Scope};

use super::assemble::{Assembler, Revision, Told};
use super::changes::{Changes, made_of};
use super::pages::{Page, Pages};
use crate::answer::Answer;
use crate::core::Core;
use crate::deadline::before;
use crate::identity::Identity;
use crate::layout::Reader;
use crate::servers::Watching;
use crate::transaction::index;

pub(super) struct Follower {
    core: Arc<Core>,
    scope: Scope,
    identity: Identity,
    reader: Reader,
    stage: Stage,
    /// The revision that was told last.
    told: i64,
}

pub(super) enum Stage {
    /// To be told to forget its view.
    Reset(ResetReason),
    /// Being told the scope as it was at one revision.
    Snapshot(Pages),
    /// To go on after this revision.
    Resume(i64),
    Watching(Box<Watch>),
}

pub(super) struct Watch {
    watching: Watching,
    assembler: Assembler,
    /// Whole revisions that have come and are not told yet.
    ready: VecDeque<Revision>,
}

/// What a stage comes to.
enum Next {
    Tell(FeedItem),
    /// Nothing to tell yet.
    On,
    Enter(Stage),
    TellAndEnter(FeedItem, Stage),
}

impl Follower {
    pub(super) fn new(core: Arc<Core>, scope: Scope, identity: Identity, stage: Stage) -> Self {
        let reader = Reader::new(core.layout());
        Self { core, scope, identity, reader, stage, told: 0 }
    }

    /// The next item; ends when the store is closed.
    pub(super) async fn step(&mut self) -> Result<FeedItem, FollowError> {
        let core = Arc::clone(&self.core);
        before(core.closing(), self.next_item()).await.unwrap_or(Err(FollowError::UNREACHABLE))
    }

    async fn next_item(&mut self) -> Result<FeedItem, FollowError> {
        loop {
            let next = match &self.stage {
                Stage::Reset(why) => self.begin_snapshot(*why).await?,
                Stage::Snapshot(_) => self.page().await?,
                Stage::Resume(after) => {
                    let after = *after;
                    self.watch(after).await?
                }
                Stage::Watching(_) => self.listen().await?,
            };
            match next {
                Next::Tell(item) => return Ok(item),
                Next::On => {}
                Next::Enter(stage) => self.stage = stage,
                Next::TellAndEnter(item, stage) => {
                    self.stage = stage;
                    return Ok(item);
                }
            }
        }
    }

    /// The store may be another by now: its name is asked for with each snapshot.
    async fn begin_snapshot(&mut self, why: ResetReason) -> Result<Next, FollowError> {
        let (identity, _) = self.core.look().await?;
        self.identity = identity;
        let pages = Pages::new(self.core.layout().scope(&self.scope));
        Ok(Next::TellAndEnter(FeedItem::Reset { why }, Stage::Snapshot(pages)))
    }

    async fn page(&mut self) -> Result<Next, FollowError> {
        let Stage::Snapshot(pages) = &mut self.stage else { return Ok(Next::On) };
        match pages.next(self.core.servers()).await {
            Ok(Page::Records(found)) => {
                let records: Vec<_> = found
                    .into_iter()
                    .filter_map(|found| made_of(&mut self.reader, &self.scope, found))
                    .collect();
                Ok(if records.is_empty() { Next::On } else { Next::Tell(FeedItem::Chunk(records)) })
            }
            Ok(Page::End(at)) => {
                self.told = at;
                let synced = FeedItem::Synced(self.identity.position(at));
                Ok(Next::TellAndEnter(synced, Stage::Resume(at)))
            }
            // The history was compacted past its revision: from the beginning, at a newer one.
            Err(Answer::Compacted) => Ok(Next::Enter(Stage::Reset(ResetReason::Compacted))),
            Err(answer) => Err(answer.into_follow_error()),
        }
    }

    async fn watch(&mut self, after: i64) -> Result<Next, FollowError> {
        self.told = after;
        let range = self.core.layout().scope(&self.scope);
        // From the last revision that was told, and not from the one after it, which may be the very one that the history is compacted to: servers before 3.5.18 can
        // leave out a delete there, and say nothing. What was told already the assembler drops.
        let watching = self.core.servers().watch(range, after.max(1)).await;
        let watching = watching.map_err(Answer::into_follow_error)?;
        let watch = Watch { watching, assembler: Assembler::after(after), ready: VecDeque::new() };
        Ok(Next::Enter(Stage::Watching(Box::new(watch))))
    }

    async fn listen(&mut self) -> Result<Next, FollowError> {
        let Stage::Watching(watch) = &mut self.stage else { return Ok(Next::On) };
        if let Some(revision) = watch.ready.front() {
            let changes = Changes::of(revision, &mut self.reader, &self.scope);
            let changes =
                match changes.complete(self.core.servers(), self.core.layout(), revision.number).await {
                    Ok(Some(changes)) => changes,
                    Ok(None) => return Ok(Next::Enter(Stage::Reset(ResetReason::Suspect))),
                    Err(Answer::Compacted) => return Ok(Next::Enter(Stage::Reset(ResetReason::Compacted))),
                    Err(answer) => return Err(answer.into_follow_error()),
                };
            let number = revision.number;
            watch.ready.pop_front();
            return Ok(if changes.is_empty() { Next::On } else { Next::Tell(self.batch(number, changes)) });
        }
        let response = watch.watching.next().await.map_err(Answer::into_follow_error)?;
        match watch.assembler.take(response) {
            Told::Revisions(revisions) => {
                watch.ready.extend(revisions);
                Ok(Next::On)
            }
            Told::Progress(upto) if upto > self.told => Ok(Next::Tell(self.batch(upto, Vec::new()))),
            Told::Progress(_) | Told::Nothing => Ok(Next::On),
            Told::Compacted => Ok(Next::Enter(Stage::Reset(ResetReason::Compacted))),
            Told::Refused(answer) => {
                if answer == Answer::Token {
                    self.core.servers().forget_token();
                    return Err(FollowError::UNREACHABLE);
                }
                Err(answer.into_follow_error())
            }
        }
    }

    fn batch(&mut self, upto: i64, changes: Vec<RecordChange>) -> FeedItem {
        let after = std::mem::replace(&mut self.told, upto);
        FeedItem::Batch { after: index(after), upto: self.identity.position(upto), changes: changes.into() }
    }
}
