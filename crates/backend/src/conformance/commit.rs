//! Tests 1 to 15: what a commit is.

use std::sync::Arc;

use super::case::{Case, Outcome, Stop, ensure, skipped};
use super::trial::{KIND, Trial, check_spec, delete, key, put, put_status, write};
use crate::{
    Backend, Check, Commit, Expect, Index, Key, Limits, Part, RESERVED_KINDS, Record, Tenancy, Transaction,
};

pub(super) fn cases<B: Backend>() -> Vec<Case<B>> {
    vec![
        Case::new(1, "T4", "a put expecting absence succeeds once and conflicts after", |t| {
            Box::pin(a_put_expecting_absence_succeeds_once(t))
        }),
        Case::new(2, "T4", "a put at a stale version conflicts and changes nothing", |t| {
            Box::pin(a_put_at_a_stale_version_conflicts(t))
        }),
        Case::new(3, "T2", "one failed condition undoes all operations", |t| {
            Box::pin(one_failed_condition_undoes_all(t))
        }),
        Case::new(4, "I3", "all parts written by one commit carry its index", |t| {
            Box::pin(all_parts_carry_the_index_of_their_commit(t))
        }),
        Case::new(5, "I1", "indexes of successive commits grow", |t| Box::pin(indexes_grow(t))),
        Case::new(5, "I1", "indexes grow over a restart, and nothing acknowledged is lost", |t| {
            Box::pin(indexes_grow_over_a_restart(t))
        }),
        Case::new(6, "I3", "a delete-only commit tells its index", |t| {
            Box::pin(a_delete_only_commit_tells_its_index(t))
        }),
        Case::new(7, "T2", "a guarded delete of a missing entry conflicts", |t| {
            Box::pin(a_guarded_delete_of_a_missing_entry_conflicts(t))
        }),
        Case::new(8, "T4", "a transaction of checks alone that hold is Unchanged", |t| {
            Box::pin(checks_that_hold_change_nothing(t))
        }),
        Case::new(9, "T4", "checks alone at a stale version conflict", |t| {
            Box::pin(checks_at_a_stale_version_conflict(t))
        }),
        Case::new(10, "T1", "one part twice in a transaction is Invalid before anything is sent", |t| {
            Box::pin(one_part_twice_is_invalid(t))
        }),
        Case::new(
            11,
            "T3",
            "the largest transaction commits, one more of each is Invalid and says so",
            |t| Box::pin(limits_hold_at_their_border(t)),
        ),
        Case::new(12, "T3", "names with odd characters come back as written", |t| {
            Box::pin(names_come_back_as_written(t))
        }),
        Case::new(13, "T2", "a status write leaves the spec and does not outlive it", |t| {
            Box::pin(status_and_spec_are_apart(t))
        }),
        Case::new(
            14,
            "X2",
            "a missing right is Denied in commit, in a condition and in follow, never Conflict",
            |_| skipped("needs a server with rights"),
        ),
        Case::new(15, "X3", "a full store refuses puts and lets deletes pass", |_| {
            skipped("needs a server with a quota")
        }),
    ]
}

/// contract test 1
async fn a_put_expecting_absence_succeeds_once<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let a = key("a");
    let first = trial.run([put(&a, "1", Expect::Absent)]).await?;
    trial.conflicts_on(&a, Part::Spec, Transaction::of([put(&a, "2", Expect::Absent)])).await?;
    let found = trial.find(&a, Part::Spec).await?;
    let version = first.index;
    let wanted = Record { key: a, part: Part::Spec, value: "1".into(), created: version, version };
    ensure(found.as_ref() == Some(&wanted), format_args!("{wanted:?}"), found)
}

/// contract test 2
async fn a_put_at_a_stale_version_conflicts<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let a = key("a");
    let old = trial.set(&a, "1").await?;
    let new = trial.run([put(&a, "2", Expect::At(old))]).await?;
    trial.conflicts_on(&a, Part::Spec, Transaction::of([put(&a, "3", Expect::At(old))])).await?;
    let found = trial.find(&a, Part::Spec).await?;
    let kept = found
        .as_ref()
        .is_some_and(|found| found.value == "2" && found.version == new.index && found.created == old);
    ensure(kept, format_args!("value 2, created at {old}, written at {}", new.index), found)
}

/// contract test 3
async fn one_failed_condition_undoes_all<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let (a, b, c, d) = (key("a"), key("b"), key("c"), key("d"));
    let at = trial.run([put(&a, "1", Expect::Absent), put(&b, "1", Expect::Absent)]).await?.index;
    let good = [put(&a, "2", Expect::At(at)), delete(&b, Expect::At(at)), put(&c, "2", Expect::Absent)];
    let checked = Transaction::of(good.clone()).checking(check_spec(&d, Expect::At(at)));
    trial.conflicts_on(&d, Part::Spec, checked).await?;
    let written = Transaction::of(good.into_iter().chain([put(&d, "2", Expect::At(at))]));
    trial.conflicts_on(&d, Part::Spec, written).await?;
    let (_, records) = trial.read(&[a, b, c, d]).await?;
    let untouched = records.len() == 2 && records.iter().all(|record| record.version == at);
    ensure(untouched, "a and b as they were, c and d absent", records)
}

/// contract test 4
async fn all_parts_carry_the_index_of_their_commit<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let (a, b) = (key("a"), key("b"));
    let operations =
        [put(&a, "1", Expect::Absent), put_status(&a, "2", Expect::Absent), put(&b, "3", Expect::Absent)];
    let at = trial.run(operations).await?;
    let (read_at, records) = trial.read(&[a, b]).await?;
    let carried = records.iter().all(|record| (record.created, record.version) == (at.index, at.index));
    ensure(carried && records.len() == 3, format_args!("three records of commit {at}"), records)?;
    ensure(
        read_at.store == at.store && read_at.index >= at.index,
        format_args!("a read at {at} or later"),
        read_at,
    )
}

/// contract test 5
async fn indexes_grow<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let mut last = trial.head().await?;
    for value in ["1", "2", "2", "3", "3", "3", "1", "4", "4", "5"] {
        let next = trial.run([put(&key("a"), value, Expect::Anything)]).await?;
        ensure(
            next.index > last.index && next.store == last.store,
            format_args!("a commit after {last}"),
            next,
        )?;
        last = next;
    }
    Ok(())
}

/// contract test 5, over a restart
async fn indexes_grow_over_a_restart<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let Some(restart) = &trial.hooks.restart else {
        return Err(Stop::Skipped("no restart was given (Suite::with_restart)".into()));
    };
    let (a, gone) = (key("a"), key("gone"));
    let before = Trial::new(trial.hooks, trial.seams).await;
    before.set(&gone, "1").await?;
    before.run([put(&a, "1", Expect::Absent), put_status(&a, "2", Expect::Absent)]).await?;
    let last = before.run([delete(&gone, Expect::Anything)]).await?;
    let keys = [a.clone(), gone];
    let (_, kept) = before.read(&keys).await?;

    let store = Arc::into_inner(before.store).expect("nothing but the trial holds the store");
    let after = Trial::over(restart.restart(store).await, trial.hooks, trial.seams);
    let (head, found) = after.read(&keys).await?;
    ensure(found == kept, format_args!("{kept:?}"), found)?;
    ensure(head.store == last.store && head.index >= last.index, format_args!("{last} or later"), head)?;
    let next = after.run([put(&a, "2", Expect::Anything)]).await?;
    ensure(next.index > last.index && next.store == last.store, format_args!("a commit after {last}"), next)?;
    let mut follower = after.follow(Some(last)).await?;
    follower.reach(next.index).await?;
    after.store.close().await;
    let told = follower.changes.len() == 1 || !follower.resets.is_empty();
    ensure(told, "one change, or a reset, from the position kept over the restart", follower.changes)
}

/// contract test 6
async fn a_delete_only_commit_tells_its_index<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let a = key("a");
    let mut follower = trial.follow(None).await?;
    let put_at = trial.run([put(&a, "1", Expect::Absent), put_status(&a, "1", Expect::Absent)]).await?;
    follower.reach(put_at.index).await?;
    let deleted_at = trial.run([delete(&a, Expect::At(put_at.index))]).await?;
    ensure(deleted_at.index > put_at.index, format_args!("an index after {put_at}"), deleted_at)?;
    follower.reach(deleted_at.index).await?;
    let exact = !trial.every_commit() || follower.at == Some(deleted_at);
    ensure(exact, format_args!("the delete to be told at {deleted_at}"), follower.at)?;
    ensure(follower.view.is_empty(), "both parts gone", &follower.view)?;
    let (_, left) = trial.read(&[a]).await?;
    ensure(left.is_empty(), "nothing left to read", left)
}

/// contract test 7
async fn a_guarded_delete_of_a_missing_entry_conflicts<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let a = key("a");
    let at = trial.set(&a, "1").await?;
    trial.run([delete(&a, Expect::At(at))]).await?;
    trial.conflicts_on(&a, Part::Spec, Transaction::of([delete(&a, Expect::At(at))])).await?;
    let again = trial.set(&a, "2").await?;
    trial.conflicts_on(&a, Part::Spec, Transaction::of([delete(&a, Expect::At(at))])).await?;
    let found = trial.find(&a, Part::Spec).await?;
    let born = found.as_ref().is_some_and(|found| found.created == again && found.version == again);
    ensure(born, format_args!("a new life, created at {again}"), found)
}

/// contract test 8
async fn checks_that_hold_change_nothing<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let (a, b) = (key("a"), key("b"));
    let at = trial.set(&a, "1").await?;
    let mut follower = trial.follow(None).await?;
    follower.sync().await?;
    let head = trial.head().await?;
    let checks = Transaction::default()
        .checking(check_spec(&a, Expect::At(at)))
        .checking(check_spec(&b, Expect::Absent))
        .checking(Check { key: a.clone(), part: Part::Status, expect: Expect::Anything });
    let answer = trial.store.commit(checks).await;
    ensure(matches!(answer, Ok(Commit::Unchanged(_))), "Unchanged", answer)?;
    let after = trial.head().await?;
    ensure(after == head, format_args!("the head still at {head}"), after)?;
    // An equal put is a commit like any other, and the next thing that is told.
    let equal = trial.run([put(&a, "1", Expect::At(at))]).await?;
    follower.reach(equal.index).await?;
    let alone = follower.changes.len() == 1 || follower.resets.len() > 1;
    ensure(alone, "one change, that of the equal put", follower.changes)
}

/// contract test 9
async fn checks_at_a_stale_version_conflict<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let a = key("a");
    let old = trial.set(&a, "1").await?;
    trial.set(&a, "2").await?;
    let checking = |expect| Transaction::default().checking(check_spec(&a, expect));
    trial.conflicts_on(&a, Part::Spec, checking(Expect::At(old))).await?;
    trial.conflicts_on(&a, Part::Spec, checking(Expect::Absent)).await
}

/// contract test 10
async fn one_part_twice_is_invalid<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let a = key("a");
    let at = trial.set(&a, "1").await?;
    let head = trial.head().await?;
    let once = || put(&a, "2", Expect::Anything);
    let status = || put_status(&a, "2", Expect::Anything);
    let transactions = [
        Transaction::of([once(), once()]),
        Transaction::of([once()]).checking(check_spec(&a, Expect::At(at))),
        Transaction::of([once(), delete(&a, Expect::Anything)]),
        Transaction::of([status(), delete(&a, Expect::Anything)]),
        Transaction::of([delete(&a, Expect::Anything)]).checking(Check {
            key: a.clone(),
            part: Part::Status,
            expect: Expect::Anything,
        }),
        Transaction::of([delete(&a, Expect::Absent)]),
    ];
    for transaction in transactions {
        let invalid = trial.invalid(transaction).await?;
        ensure(invalid.key.as_ref() == Some(&a), format_args!("the error to name {a}"), invalid)?;
    }
    let after = trial.head().await?;
    ensure(after == head, format_args!("the head still at {head}"), after)
}

/// contract test 11
async fn limits_hold_at_their_border<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let limits = trial.store.limits();
    let fence = Key::new(format!("{RESERVED_KINDS}lease").as_str(), "fence");
    let epoch = trial.run([put(&fence, "1", Expect::Absent)]).await?.index;
    let fenced = |transaction: Transaction| transaction.checking(check_spec(&fence, Expect::At(epoch)));

    let puts = |count| Transaction::of((0..count).map(|n| put(&key(&n.to_string()), "", Expect::Anything)));
    trial.commit(fenced(puts(limits.operations))).await?;
    let border = limits.operations;
    above(trial, "operations", border, fenced(puts(border + 1))).await?;

    let one = |part, bytes| Transaction::of([write(&key("a"), part, vec![b'a'; bytes], Expect::Anything)]);
    for (field, part, border) in
        [("spec", Part::Spec, limits.spec_bytes), ("status", Part::Status, limits.status_bytes)]
    {
        trial.commit(one(part, border)).await?;
        above(trial, field, border, one(part, border + 1)).await?;
    }

    let border = limits.transaction_bytes;
    trial.commit(filling(&limits, border)).await?;
    above(trial, "transaction", border, filling(&limits, border + 1)).await
}

async fn above<B: Backend>(
    trial: &Trial<'_, B>,
    field: &str,
    limit: usize,
    transaction: Transaction,
) -> Outcome {
    let invalid = trial.invalid(transaction).await?;
    let named = invalid.field == field
        && invalid.limit == Some(limit as u64)
        && invalid.actual == Some(limit as u64 + 1);
    ensure(named, format_args!("an error that names {field}, {limit} and {}", limit + 1), invalid)
}

/// A transaction of exactly this many bytes, in specs that are each allowed.
fn filling(limits: &Limits, bytes: usize) -> Transaction {
    let count = bytes.div_ceil(limits.spec_bytes) + 1;
    let keys: Vec<Key> = (0..count).map(|n| key(&n.to_string())).collect();
    let values = bytes - keys.iter().map(Key::encoded_bytes).sum::<usize>();
    let size = |n| values / count + usize::from(n < values % count);
    let written =
        keys.iter().enumerate().map(|(n, key)| write(key, Part::Spec, vec![b'a'; size(n)], Expect::Anything));
    Transaction::of(written)
}

/// contract test 12
async fn names_come_back_as_written<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let longest = "\u{1f600}".repeat(253);
    let names = [
        "a/b", "a//b", "/a", "a/", "../a", "a/../b", "...", ".a", "%", "%2F", "%2f", "a b", " ", "a?b#c",
        "a\\b", "\"", "é", "e\u{301}", "A", "!", "s", "t", "~", "\u{feff}", &longest,
    ];
    let keys: Vec<Key> = names.iter().map(|name| key(name)).collect();
    let mut follower = trial.follow(None).await?;
    for keys in keys.chunks(8) {
        trial.run(keys.iter().map(|key| put(key, key.name(), Expect::Absent))).await?;
    }
    // Names that begin alike are apart in all of their segments.
    let alike = [
        key("a").in_namespace("aa"),
        key("aa").in_namespace("a"),
        key("a").in_tenancy(&Tenancy::new("aa", "a")),
        key("a").in_tenancy(&Tenancy::new("a", "aa")),
    ];
    let last = trial.run(alike.iter().map(|key| put(key, key.name(), Expect::Absent))).await?;
    follower.reach(last.index).await?;
    let all: Vec<Key> = keys.into_iter().chain(alike).collect();
    trial.agrees(&follower, &all).await?;
    ensure(follower.view.len() == all.len(), "each name to be an entry of its own", follower.view.len())?;
    let told = follower.view.values().all(|record| record.value == record.key.name().as_bytes());
    ensure(told, "each name as it was written", follower.view.keys())?;
    for refused in ["", ".", "..", "a\n", "\u{7f}", &"a".repeat(254)] {
        let invalid = trial.invalid(Transaction::of([put(&key(refused), "", Expect::Anything)])).await?;
        ensure(invalid.field == "name", "an error that names the name", invalid)?;
    }
    Ok(())
}

/// contract test 13
async fn status_and_spec_are_apart<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let a = key("a");
    let spec = trial.set(&a, "1").await?;
    let status_on = |spec: Index, expect: Expect| -> Transaction {
        Transaction::of([put_status(&a, "s", expect)]).checking(check_spec(&a, Expect::At(spec)))
    };
    let status = trial.commit(status_on(spec, Expect::Absent)).await?.index;
    trial.commit(status_on(spec, Expect::At(status))).await?;
    let found = trial.find(&a, Part::Spec).await?;
    ensure(found.as_ref().is_some_and(|found| found.version == spec), "the spec untouched", found)?;

    let edited = trial.run([put(&a, "2", Expect::At(spec))]).await?.index;
    trial.conflicts_on(&a, Part::Spec, status_on(spec, Expect::Anything)).await?;
    trial.commit(status_on(edited, Expect::Anything)).await?;

    trial.run([delete(&a, Expect::At(edited))]).await?;
    trial.conflicts_on(&a, Part::Spec, status_on(edited, Expect::Anything)).await?;
    let again = trial.set(&a, "2").await?;
    trial.conflicts_on(&a, Part::Spec, status_on(edited, Expect::Anything)).await?;
    let left = trial.find(&a, Part::Status).await?;
    ensure(left.is_none(), "the status gone with the entry", left)?;
    trial.commit(status_on(again, Expect::Absent)).await?;

    let mut follower = trial.follow(None).await?;
    follower.sync().await?;
    ensure(follower.view.len() == 2, format_args!("both halves of one {KIND}"), follower.view)
}
