//! Tests 25 to 29, 39 and 42: what a follower is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::case::{Case, Outcome, ensure, skipped};
use super::trial::{KIND, Trial, delete, key, put, put_status, scope, write};
use super::view::unexpected;
use crate::{
    Backend, Expect, Key, Part, RESERVED_KINDS, RecordChange, ResetReason, Scope, Tenancy, TenancyPattern,
    Transaction,
};

pub(super) fn cases<B: Backend>() -> Vec<Case<B>> {
    vec![
        Case::new(25, "F1", "from nothing: Reset(First), chunks, Synced, and no change before", |t| {
            Box::pin(a_feed_begins_with_the_whole_scope(t))
        }),
        Case::new(25, "F1", "a scope tells its own entries, and reserved kinds by their name only", |t| {
            Box::pin(a_scope_tells_its_own_entries(t))
        }),
        Case::new(26, "F1", "writes during the snapshot are neither lost nor doubled", |t| {
            Box::pin(writes_during_the_snapshot_are_told_once(t))
        }),
        Case::new(27, "F1", "a commit of many keys is never seen in part", |t| {
            Box::pin(a_commit_is_never_seen_in_part(t))
        }),
        Case::new(28, "F1", "batches join: each `after` is the last `upto`", |t| Box::pin(batches_join(t))),
        Case::new(29, "F2", "delete then re-create shows both, with another creation", |t| {
            Box::pin(a_delete_and_a_re_creation_are_both_told(t))
        }),
        Case::new(35, "F3", "killing each server in turn: no gap, no repeat, no step back", |_| {
            skipped("needs servers that are killed")
        }),
        Case::new(36, "F8", "a server without quorum ends the feed as Unavailable, within a bound", |_| {
            skipped("needs a server that is frozen and thawed")
        }),
        Case::new(37, "F6", "tombstone reaping makes no reset and no change", |_| {
            skipped("needs a server with tombstones")
        }),
        Case::new(38, "F7", "rights taken away make no delete", |_| skipped("needs a server with rights")),
        Case::new(39, "F7", "an emptied scope is told by deletes, an empty one idles", |t| {
            Box::pin(an_empty_scope_idles(t))
        }),
        Case::new(42, "I2", "a read after a commit shows it", |t| {
            Box::pin(a_read_shows_every_commit_before_it(t))
        }),
    ]
}

/// contract test 25
async fn a_feed_begins_with_the_whole_scope<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let mut empty = trial.follow(None).await?;
    empty.sync().await?;
    ensure(empty.view.is_empty() && empty.resets == [ResetReason::First], "an empty snapshot", &empty.view)?;

    let (a, b) = (key("a"), key("b"));
    trial.run([put(&a, "1", Expect::Absent), put_status(&a, "2", Expect::Absent)]).await?;
    let last = trial.run([put(&b, "3", Expect::Absent)]).await?;
    let mut follower = trial.follow(None).await?;
    follower.sync().await?;
    ensure(
        follower.at.is_some_and(|at| at.index >= last.index),
        format_args!("{last} or later"),
        follower.at,
    )?;
    ensure(follower.resets == [ResetReason::First], "one reset", &follower.resets)?;
    trial.agrees(&follower, &[a, b]).await
}

/// contract test 25, of scopes
async fn a_scope_tells_its_own_entries<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let longer = format!("{KIND}-too");
    let reserved = format!("{RESERVED_KINDS}group");
    let (here, there, shop) = (Tenancy::default(), Tenancy::new("a", "shop"), Tenancy::new("a", "shop-2"));
    let all = [
        key("x"),
        key("x").in_tenancy(&there),
        key("x").in_tenancy(&shop),
        Key::new(longer.as_str(), "x"),
        Key::new(reserved.as_str(), "x"),
    ];
    let within = |pattern| Scope::Within(KIND.into(), pattern);
    let partition = TenancyPattern { partition: Some("a".into()), namespace: None };
    let scopes = [
        (Scope::All, vec![0, 1, 2, 3]),
        (scope(), vec![0, 1, 2]),
        (Scope::Kind(reserved.as_str().into()), vec![4]),
        (within(TenancyPattern::ANY), vec![0, 1, 2]),
        (within(TenancyPattern::exactly(&here)), vec![0]),
        (within(TenancyPattern::exactly(&there)), vec![1]),
        (within(partition), vec![1, 2]),
    ];
    let mut early = Vec::new();
    for (scope, _) in &scopes {
        let mut follower = trial.follow_scope(scope.clone(), None).await?;
        follower.sync().await?;
        early.push(follower);
    }
    let last = trial.run(all.iter().map(|key| put(key, "1", Expect::Absent))).await?;
    for ((scope, members), mut live) in scopes.into_iter().zip(early) {
        let members: Vec<Key> = members.into_iter().map(|n: usize| all[n].clone()).collect();
        live.reach(last.index).await?;
        trial.agrees(&live, &members).await?;
        let mut late = trial.follow_scope(scope, None).await?;
        late.sync().await?;
        trial.agrees(&late, &members).await?;
    }
    Ok(())
}

/// contract test 26
async fn writes_during_the_snapshot_are_told_once<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let keys: Vec<Key> = (0..2400).map(|n| key(&format!("{n:04}"))).collect();
    for keys in keys.chunks(trial.store.limits().operations.min(40)) {
        trial.run(keys.iter().map(|key| put(key, "1", Expect::Absent))).await?;
    }
    let mut follower = trial.follow(None).await?;
    let mut round = 0;
    let mut last = trial.head().await?;
    // One commit before each item: an early entry, a late one, a deleted one, a new one.
    while !follower.is_synced() {
        let (early, late) = (&keys[round % 100], &keys[2399 - round % 100]);
        let (gone, born) = (&keys[1000 + round % 1000], key(&format!("born {round}")));
        last = trial
            .run([
                put(early, "2", Expect::Anything),
                put_status(early, "2", Expect::Anything),
                put(late, "2", Expect::Anything),
                delete(gone, Expect::Anything),
                put(&born, "2", Expect::Absent),
            ])
            .await?;
        round += 1;
        follower.step().await?;
    }
    follower.reach(last.index).await?;
    let born = (0..round).map(|round| key(&format!("born {round}")));
    let all: Vec<Key> = keys.iter().cloned().chain(born).collect();
    trial.agrees(&follower, &all).await
}

/// contract test 27
async fn a_commit_is_never_seen_in_part<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let limits = trial.store.limits();
    let count = limits.operations.min(100);
    let size = (limits.transaction_bytes / count).min(3000) - 100;
    let keys: Vec<Key> = (0..count).map(|n| key(&n.to_string())).collect();
    let round = |round: u8| {
        Transaction::of(keys.iter().map(|key| write(key, Part::Spec, vec![round; size], Expect::Anything)))
    };
    let mut follower = trial.follow(None).await?;
    follower.sync().await?;
    for n in 0..8 {
        let mut late = trial.follow(None).await?;
        let at = trial.commit(round(b'0' + n)).await?;
        for follower in [&mut follower, &mut late] {
            while !follower.is_synced() || follower.at.is_none_or(|seen| seen.index < at.index) {
                follower.step().await?;
                let rounds: std::collections::BTreeSet<_> =
                    follower.view.values().map(|record| record.value.first().copied()).collect();
                let whole =
                    !follower.is_synced() || (rounds.len() <= 1 && [0, count].contains(&follower.view.len()));
                ensure(whole, "all of one commit or nothing of it", rounds)?;
            }
        }
    }
    trial.agrees(&follower, &keys).await
}

/// contract test 28
async fn batches_join<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let (a, b, foreign) = (key("a"), key("b"), Key::new("elsewhere", "a"));
    let mut follower = trial.follow(None).await?;
    follower.sync().await?;
    let mut told = Vec::new();
    for n in 0..20 {
        // Commits that concern the scope, that concern it in part, and that do not.
        let value = n.to_string();
        let operations = match n % 3 {
            0 => vec![put(&a, &value, Expect::Anything)],
            1 => vec![put(&b, &value, Expect::Anything), put(&foreign, &value, Expect::Anything)],
            _ => vec![put(&foreign, &value, Expect::Anything)],
        };
        let at = trial.run(operations).await?;
        if n % 3 != 2 {
            told.push(at);
        }
        // Now and then the reader catches up at once; else it falls behind. That they join is judged at every item.
        if n % 7 == 0 {
            follower.reach(told.last().map_or(at.index, |at| at.index)).await?;
        }
    }
    follower.reach(told.last().map_or(crate::Index::ZERO, |at| at.index)).await?;
    let seen: Vec<_> = follower.changes.iter().map(|(at, _)| *at).collect();
    // A feed may always be reset instead; then the view alone tells.
    let exact = seen == told || follower.resets.len() > 1;
    ensure(!trial.every_commit() || exact, format_args!("each commit of {told:?} once"), seen)?;
    trial.agrees(&follower, &[a, b]).await
}

/// contract test 29
async fn a_delete_and_a_re_creation_are_both_told<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let a = key("a");
    let old = trial.run([put(&a, "1", Expect::Absent), put_status(&a, "1", Expect::Absent)]).await?.index;
    let mut follower = trial.follow(None).await?;
    follower.sync().await?;
    trial.run([put(&a, "2", Expect::Anything)]).await?;
    trial.run([delete(&a, Expect::Anything)]).await?;
    let new = trial.run([put(&a, "3", Expect::Absent)]).await?.index;
    follower.reach(new).await?;
    let is_delete =
        |change: &RecordChange| matches!(change, RecordChange::Delete { created, .. } if *created == old);
    let is_put = |change: &RecordChange| matches!(change, RecordChange::Put(record) if record.created == new);
    let changes: Vec<_> = follower.changes.iter().map(|(_, change)| change.clone()).collect();
    let deleted = changes.iter().position(is_delete);
    let created = changes.iter().position(is_put);
    let both = deleted.zip(created).is_some_and(|(deleted, created)| deleted < created);
    ensure(
        both || follower.resets.len() > 1,
        format_args!("a delete of the life from {old}, then a put of the life from {new}"),
        changes,
    )?;
    trial.agrees(&follower, &[a]).await
}

/// contract test 39
async fn an_empty_scope_idles<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    const COMMITS: usize = 50;
    let (a, b) = (key("a"), key("b"));
    trial.run([put(&a, "1", Expect::Absent), put(&b, "1", Expect::Absent)]).await?;
    let mut follower = trial.follow(None).await?;
    follower.sync().await?;
    let last = trial.run([delete(&a, Expect::Anything), delete(&b, Expect::Anything)]).await?;
    follower.reach(last.index).await?;
    let deletes = follower.changes.iter().filter(|(_, change)| matches!(change, RecordChange::Delete { .. }));
    ensure(deletes.count() == 2 && follower.view.is_empty(), "two deletes", &follower.changes)?;

    // Now it idles: what goes on elsewhere may at most tell it progress, and never make it spin.
    let counter = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&counter));
    for _ in 0..COMMITS {
        idle(&mut follower, &waker)?;
        trial.run([put(&Key::new("elsewhere", "a"), "1", Expect::Anything)]).await?;
    }
    idle(&mut follower, &waker)?;
    let woken = counter.0.load(Ordering::Relaxed);
    ensure(woken <= 2 * COMMITS, format_args!("at most {} wake-ups", 2 * COMMITS), woken)?;

    let back = trial.run([put(&a, "2", Expect::Absent)]).await?;
    follower.reach(back.index).await?;
    trial.agrees(&follower, &[a, b]).await
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Takes what is told until the feed waits; it must be progress alone.
fn idle(follower: &mut super::view::Follower, waker: &Waker) -> Outcome {
    let mut cx = Context::from_waker(waker);
    while let Poll::Ready(item) = follower.feed().poll_next(&mut cx) {
        match item {
            Ok(crate::FeedItem::Batch { ref changes, .. }) if changes.is_empty() => follower.take(item)?,
            other => return Err(unexpected(other)),
        }
    }
    Ok(())
}

/// contract test 42
async fn a_read_shows_every_commit_before_it<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let (a, absent) = (key("a"), key("absent"));
    for n in 0..50 {
        let at = trial.run([put(&a, &n.to_string(), Expect::Anything)]).await?;
        let (head, records) = trial.read(&[absent.clone(), a.clone()]).await?;
        let shown = records.len() == 1 && records[0].version == at.index && records[0].value == n.to_string();
        ensure(shown && head.index >= at.index, format_args!("the commit at {at}"), (head, records))?;
    }
    Ok(())
}
