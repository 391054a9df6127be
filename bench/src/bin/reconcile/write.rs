//! Many commits, one after another: what a reconcile costs when there is no pause.

use std::sync::{Arc, Mutex};

use tokio::task::yield_now;
use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FeedItem, FollowError, Index, Key, Operation, Position, Record,
    RecordChange, ResetReason, Scope, StoreId, Transaction, Why,
};
use trimtab_bench::{Round, throughput_of};
use trimtab_seams::Seams;
use trimtab_store::Write;

use super::World;
use super::pipeline::{Pipeline, creates, keys, memory, records, updates};

/// By which door the writes come.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Way {
    /// Drafts; waits until the view shows them.
    Store,
    /// Drafts; does not wait.
    Door,
    /// Records, into the backend. The writer gives way after 64.
    Records,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Entries {
    New,
    /// There already, and reconciled once.
    Known,
}

pub(crate) fn by_task(world: World<'_>, n: usize, at_once: usize, way: Way, entries: Entries) -> Round {
    let seams = world.seams.clone();
    world.on_task(async move {
        let memory = memory(&seams);
        let mut pipeline = Pipeline::over(memory.clone(), &seams).await;
        let known = entries == Entries::Known;
        pipeline.warm(&if known { creates(n) } else { Vec::new() }).await;
        let writes = if known { updates(n, 1) } else { creates(n) };
        pipeline.runs.expect(n);
        let round = match way {
            Way::Store => {
                let groups: Vec<Vec<Write>> = writes.chunks(at_once).map(<[Write]>::to_vec).collect();
                throughput_of(&seams, n, async {
                    for group in groups {
                        pipeline.store.commit(group).await.expect("memory takes it");
                    }
                    pipeline.runs.ended().await;
                })
                .await
            }
            Way::Door => {
                throughput_of(&seams, n, async {
                    let (door, view) = (pipeline.store.door(), pipeline.store.view());
                    for write in writes {
                        door.commit(write, &view, &[]).await.expect("memory takes it");
                    }
                    pipeline.runs.ended().await;
                })
                .await
            }
            Way::Records => {
                let ready = records(&pipeline.store, &writes, at_once);
                throughput_of(&seams, n, async {
                    for (at, transaction) in ready.into_iter().enumerate() {
                        memory.commit(transaction).await.expect("memory takes it");
                        if at * at_once % 64 < at_once {
                            yield_now().await;
                        }
                    }
                    pipeline.runs.ended().await;
                })
                .await
            }
        };
        pipeline.stop().await;
        round
    })
}

pub(crate) fn by_thread(world: World<'_>, n: usize, way: Way) -> Round {
    let (seams, handle) = (world.seams.clone(), world.runtime.handle().clone());
    world.on_task(async move {
        let memory = memory(&seams);
        let mut pipeline = Pipeline::over(memory.clone(), &seams).await;
        pipeline.warm(&[]).await;
        pipeline.runs.expect(n);
        let writes = creates(n);
        let ready = if way == Way::Records { records(&pipeline.store, &writes, 1) } else { Vec::new() };
        let store = pipeline.store.clone();
        let writer = async move {
            for transaction in ready {
                memory.commit(transaction).await.expect("memory takes it");
            }
            if way != Way::Records {
                let (door, view) = (store.door(), store.view());
                for write in writes {
                    door.commit(write, &view, &[]).await.expect("memory takes it");
                }
            }
        };
        let round = throughput_of(&seams, n, async {
            seams.spawn_blocking("writer", move || handle.block_on(writer));
            pipeline.runs.ended().await;
        })
        .await;
        pipeline.stop().await;
        round
    })
}

/// From the start of a controller to the last of the entries that were there before it.
pub(crate) fn first(world: World<'_>, n: usize) -> Round {
    let seams = world.seams.clone();
    world.on_task(async move {
        let mut pipeline = Pipeline::over(memory(&seams), &seams).await;
        pipeline.fill(&creates(n)).await;
        pipeline.runs.expect(n);
        let runs = Arc::clone(&pipeline.runs);
        let round = throughput_of(&seams, n, async {
            pipeline.start();
            runs.ended().await;
        })
        .await;
        pipeline.stop().await;
        round
    })
}

/// Asks for reconciles without writing anything: a reconcile without store and publisher.
pub(crate) fn enqueued(world: World<'_>, n: usize) -> Round {
    let seams = world.seams.clone();
    world.on_task(async move {
        let mut pipeline = Pipeline::over(memory(&seams), &seams).await;
        pipeline.warm(&creates(n)).await;
        let keys = keys(n);
        pipeline.runs.expect(n);
        let round = throughput_of(&seams, n, async {
            pipeline.enqueue(keys);
            pipeline.runs.ended().await;
        })
        .await;
        pipeline.stop().await;
        round
    })
}

/// A backend whose feed is a channel.
struct Fed(Mutex<Option<Feed>>);

impl Backend for Fed {
    async fn commit(&self, _: Transaction) -> Result<Commit, CommitError> {
        Err(CommitError::Unavailable { why: Why::Unreachable, retry_after: None })
    }

    async fn read(&self, _: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        Err(FollowError::UNREACHABLE)
    }

    async fn follow(&self, _: Scope, _: Option<Position>) -> Result<Feed, FollowError> {
        self.0.lock().expect("no panic").take().ok_or(FollowError::UNREACHABLE)
    }
}

fn position(index: u64) -> Position {
    Position { store: StoreId::new([1; 16]), index: Index::new(index) }
}

/// The records that updates of known entries come to, as a backend tells them.
fn batches(pipeline_of: &Pipeline, n: usize, at_once: usize, edition: usize, from: u64) -> Vec<FeedItem> {
    let transactions = records(&pipeline_of.store, &updates(n, edition), 1);
    let put = |operation: &Operation, version: u64| match operation {
        Operation::Put { key, part, value, .. } => {
            let (created, version) = (Index::new(1), Index::new(version));
            RecordChange::Put(Record {
                key: key.clone(),
                part: *part,
                value: value.clone(),
                created,
                version,
            })
        }
        Operation::Delete { .. } => unreachable!("nothing is deleted"),
    };
    let transactions: Vec<_> = transactions.chunks(at_once).zip(from..).collect();
    let batch = |(group, after): (&[Transaction], u64)| {
        let operations = group.iter().flat_map(|transaction| &transaction.operations);
        let changes: Arc<[RecordChange]> = operations.map(|operation| put(operation, after + 1)).collect();
        FeedItem::Batch { after: Index::new(after), upto: position(after + 1), changes }
    };
    transactions.into_iter().map(batch).collect()
}

/// From the receipt of a backend's batches to their reconciles: what Trimtab does whatever the backend.
pub(crate) fn received(world: World<'_>, n: usize, at_once: usize) -> Round {
    let seams: Seams = world.seams.clone();
    world.on_task(async move {
        let (sender, feed) = Feed::channel(4 * n + 10);
        sender.send(Ok(FeedItem::Reset { why: ResetReason::First }));
        sender.send(Ok(FeedItem::Synced(position(1))));
        let mut pipeline = Pipeline::over(Fed(Mutex::new(Some(feed))), &seams).await;
        pipeline.warm(&[]).await;
        let mut index = 1;
        let mut round = Vec::new();
        // The first two rounds fill what is kept from batch to batch, and the history.
        for edition in 0..3 {
            let batches = batches(&pipeline, n, at_once, edition, index);
            index += batches.len() as u64;
            pipeline.runs.expect(n);
            round = throughput_of(&seams, n, async {
                for (at, batch) in batches.into_iter().enumerate() {
                    sender.send(Ok(batch));
                    if at * at_once % 64 < at_once {
                        yield_now().await;
                    }
                }
                pipeline.runs.ended().await;
            })
            .await;
        }
        pipeline.stop().await;
        round
    })
}
