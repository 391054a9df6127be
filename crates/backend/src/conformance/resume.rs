//! Tests 30 to 34: going on from a kept position, or being told why not.

use std::collections::BTreeMap;

use super::case::{Case, Outcome, Stop, ensure};
use super::trial::{Trial, delete, key, put, put_status};
use crate::{Backend, Expect, Index, Key, Position, ResetReason};

pub(super) fn cases<B: Backend>() -> Vec<Case<B>> {
    vec![
        Case::new(30, "F3", "resuming gives exactly what followed, or a reset", |t| {
            Box::pin(resuming_gives_exactly_what_followed(t))
        }),
        Case::new(31, "F3", "resuming from a compacted position is Reset(Compacted)", |t| {
            Box::pin(a_compacted_position_is_reset(t))
        }),
        Case::new(32, "F3", "compaction during the snapshot leaves no hole", |t| {
            Box::pin(compaction_during_the_snapshot_leaves_no_hole(t))
        }),
        Case::new(33, "F3", "a position beyond the head is Reset(IndexWentBack)", |t| {
            Box::pin(a_position_beyond_the_head_is_reset(t))
        }),
        Case::new(34, "F3", "a position of another store is Reset(OtherStore)", |t| {
            Box::pin(a_position_of_another_store_is_reset(t))
        }),
    ]
}

/// contract test 30
async fn resuming_gives_exactly_what_followed<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let keys = [key("a"), key("b"), key("c")];
    let [a, b, c] = &keys;
    let mut first = trial.follow(None).await?;
    first.sync().await?;
    let mut kept = Vec::new();
    for n in 0..12 {
        let value = n.to_string();
        let operations = match n % 4 {
            0 => vec![put(a, &value, Expect::Anything), put(b, &value, Expect::Anything)],
            1 => vec![put_status(a, &value, Expect::Anything)],
            2 => vec![delete(a, Expect::Anything), put(c, &value, Expect::Anything)],
            _ => vec![put(a, &value, Expect::Absent)],
        };
        let at = trial.run(operations).await?;
        first.reach(at.index).await?;
        kept.push((first.at, first.view.clone(), first.changes.len()));
    }
    let head = trial.head().await?;
    for (from, view, told) in kept {
        let mut second = trial.follow(from).await?.holding(view);
        if from.is_some_and(|from| from.index < head.index) {
            second.reach(head.index).await?;
        }
        if trial.every_commit() && second.resets.is_empty() {
            let rest = &first.changes[told..];
            ensure(second.changes == rest, format_args!("after {from:?} exactly {rest:?}"), &second.changes)?;
        }
        trial.agrees(&second, &keys).await?;
    }
    Ok(())
}

/// contract test 31
async fn a_compacted_position_is_reset<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let Some(compact) = &trial.hooks.compact else {
        return Err(Stop::Skipped("no compaction was given (Suite::with_compaction)".into()));
    };
    let (a, b) = (key("a"), key("b"));
    trial.run([put(&a, "1", Expect::Absent), put(&b, "1", Expect::Absent)]).await?;
    let mut before = trial.follow(None).await?;
    before.sync().await?;
    trial.run([delete(&a, Expect::Anything)]).await?;
    trial.run([put(&b, "2", Expect::Anything)]).await?;
    let head = trial.head().await?;
    compact.compact(&trial.store, head.index).await;

    let mut after = trial.follow(before.at).await?.holding(before.view);
    after.step().await?;
    ensure(after.resets == [ResetReason::Compacted], "Reset(Compacted) first of all", &after.resets)?;
    after.sync().await?;
    trial.agrees(&after, &[a.clone(), b.clone()]).await?;

    // From the head itself it goes on.
    let mut live = trial.follow(Some(head)).await?.holding(after.view);
    let last = trial.run([put(&a, "3", Expect::Absent)]).await?;
    live.reach(last.index).await?;
    ensure(live.resets.is_empty(), "no reset from the compacted index itself", &live.resets)?;
    trial.agrees(&live, &[a, b]).await
}

/// contract test 32
async fn compaction_during_the_snapshot_leaves_no_hole<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let Some(compact) = &trial.hooks.compact else {
        return Err(Stop::Skipped("no compaction was given (Suite::with_compaction)".into()));
    };
    let keys: Vec<Key> = (0..3000).map(|n| key(&format!("{n:04}"))).collect();
    for keys in keys.chunks(trial.store.limits().operations.min(50)) {
        trial.run(keys.iter().map(|key| put(key, "1", Expect::Absent))).await?;
    }
    let mut follower = trial.follow(None).await?;
    while follower.view.is_empty() {
        follower.step().await?;
    }
    let mut last = trial.head().await?;
    for key in [&keys[0], &keys[1500], &keys[2999]] {
        last = trial.run([delete(key, Expect::Anything)]).await?;
    }
    compact.compact(&trial.store, last.index).await;
    last = trial.run([put(&keys[1], "2", Expect::Anything)]).await?;
    follower.reach(last.index).await?;
    trial.agrees(&follower, &keys).await
}

/// contract test 33
async fn a_position_beyond_the_head_is_reset<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let a = key("a");
    trial.set(&a, "1").await?;
    let head = trial.head().await?;
    let beyond = Position { index: Index::new(head.index.get() + 1000), ..head };
    is_reset(trial, beyond, ResetReason::IndexWentBack, &a).await
}

/// contract test 34
async fn a_position_of_another_store_is_reset<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let a = key("a");
    let other = Trial::new(trial.hooks, trial.seams).await;
    other.set(&a, "1").await?;
    let elsewhere = other.head().await?;
    other.store.close().await;
    trial.set(&a, "2").await?;
    trial.set(&a, "3").await?;
    let here = trial.head().await?;
    ensure(here.store != elsewhere.store, "each fresh store to have an id of its own", elsewhere)?;
    is_reset(trial, elsewhere, ResetReason::OtherStore, &a).await
}

async fn is_reset<B: Backend>(trial: &Trial<'_, B>, from: Position, why: ResetReason, only: &Key) -> Outcome {
    let mut follower = trial.follow(Some(from)).await?.holding(BTreeMap::new());
    follower.step().await?;
    ensure(follower.resets == [why], format_args!("Reset({why:?}) first of all"), &follower.resets)?;
    follower.sync().await?;
    trial.agrees(&follower, std::slice::from_ref(only)).await?;
    match follower.at {
        Some(at) if at.store == trial.head().await?.store => Ok(()),
        other => ensure(false, "Synced in this store", other),
    }
}
