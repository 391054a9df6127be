//! Tests 44 to 51: leases made of two records, on the clock of the suite's seams.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::case::{Case, Outcome, Stop, ensure, skipped, violated};
use super::trial::{Trial, delete, key, put, write};
use crate::{
    Backend, CommitError, Expect, Held, Key, LeaseError, LeaseSettings, Leases, Part, StoreLease, Transaction,
};

const NAME: &str = "conformance";
/// Short, for tests that wait for it to pass.
const SHORT: Duration = Duration::from_millis(90);
/// Long, for tests in which it must not pass.
const LONG: Duration = Duration::from_secs(3600);
/// For a machine that is busy with other tests. What a takeover takes at most is held in virtual time, by the lease's own tests.
const ROOM: Duration = Duration::from_secs(20);

pub(super) fn cases<B: Backend>() -> Vec<Case<B>> {
    vec![
        Case::new(44, "L2", "of two challengers one is granted the lease", |t| {
            Box::pin(two_challengers_one_grant(t))
        }),
        Case::new(45, "L1", "epochs of a name grow, also after release and deletion of the key", |t| {
            Box::pin(epochs_grow(t))
        }),
        Case::new(46, "L1", "no write under an epoch commits after the next was acquired", |t| {
            Box::pin(a_deposed_holder_is_refused(t))
        }),
        Case::new(47, "L1", "the same holder's older epoch is refused too", |t| {
            Box::pin(an_older_epoch_of_the_same_holder_is_refused(t))
        }),
        Case::new(48, "L1", "a write to the lease's own keys by others does not move the epoch back", |t| {
            Box::pin(a_strangers_write_does_not_move_the_epoch_back(t))
        }),
        Case::new(49, "L3", "renewal without quorum never extends past the deadline", |_| {
            skipped("needs a server that is frozen and thawed")
        }),
        Case::new(50, "L2", "takeover comes after the TTL, within a bound", |t| {
            Box::pin(takeover_comes_after_the_ttl(t))
        }),
        Case::new(51, "L2", "a store outage longer than the TTL ends in at most one holder", |_| {
            skipped("needs servers that are killed")
        }),
    ]
}

fn leases<B: Backend>(trial: &Trial<'_, B>, ttl: Duration) -> Result<StoreLease, Stop> {
    let settings =
        LeaseSettings::with_ttl(ttl).map_err(|invalid| violated("a TTL that is allowed", invalid))?;
    Ok(StoreLease::new(Arc::clone(&trial.store), trial.seams).with_settings(settings))
}

async fn acquire(leases: &StoreLease, holder: &str) -> Result<Held, Stop> {
    leases.acquire(NAME, holder).await.map_err(|error| violated("the lease", error))
}

async fn release(held: Held) -> Outcome {
    held.release().await.map_err(|error| violated("a release", error))
}

fn lease_key() -> Key {
    Key::new("trimtab.lease", NAME)
}

/// contract test 44
async fn two_challengers_one_grant<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let leases = leases(trial, LONG)?;
    let (mut a, mut b) = (pin!(acquire(&leases, "a")), pin!(acquire(&leases, "b")));
    let (winner, a_won) = poll_fn(|cx| match (a.as_mut().poll(cx), b.as_mut().poll(cx)) {
        (Poll::Ready(a), Poll::Pending) => Poll::Ready((a, true)),
        (Poll::Pending, Poll::Ready(b)) => Poll::Ready((b, false)),
        (Poll::Ready(a), Poll::Ready(b)) => Poll::Ready((Err(violated("one grant", (a, b))), true)),
        (Poll::Pending, Poll::Pending) => Poll::Pending,
    })
    .await;
    let winner = winner?;
    let epoch = winner.epoch();
    let other = if a_won { &mut b } else { &mut a };
    // The winner gives it back after a while; until then the other waits.
    let release = async {
        trial.seams.sleep(Duration::from_millis(50)).await;
        release(winner).await
    };
    let mut release = pin!(release);
    let released = poll_fn(|cx| match (other.as_mut().poll(cx), release.as_mut().poll(cx)) {
        (Poll::Ready(grant), Poll::Pending) => {
            Poll::Ready(Err(violated("no second grant before the release", grant)))
        }
        (grant, Poll::Ready(released)) => Poll::Ready(released.map(|()| grant)),
        (Poll::Pending, Poll::Pending) => Poll::Pending,
    });
    let second = match released.await? {
        Poll::Ready(grant) => grant?,
        Poll::Pending => other.as_mut().await?,
    };
    ensure(second.epoch() > epoch, format_args!("an epoch after {epoch}"), second)
}

/// contract test 45
async fn epochs_grow<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let leases = leases(trial, LONG)?;
    let mut last = trial.head().await?.index;
    for _ in 0..3 {
        let mut held = acquire(&leases, "a").await?;
        ensure(held.epoch() > last, format_args!("an epoch after {last}"), &held)?;
        last = held.epoch();
        held.renew().await.map_err(|error| violated("a renewal", error))?;
        ensure(held.epoch() == last, format_args!("still epoch {last}"), &held)?;
        release(held).await?;
        let found = trial.find(&lease_key(), Part::Spec).await?;
        ensure(found.is_some(), "a released lease to keep its record", found)?;
    }
    trial.run([delete(&lease_key(), Expect::Anything)]).await?;
    let held = acquire(&leases, "a").await?;
    ensure(held.epoch() > last, format_args!("an epoch after {last}"), &held)
}

/// contract test 46
async fn a_deposed_holder_is_refused<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let leases = leases(trial, SHORT)?;
    let old = acquire(&leases, "a").await?;
    write_under(trial, &old, true).await?;
    let new = acquire(&leases, "b").await?;
    write_under(trial, &old, false).await?;
    write_under(trial, &new, true).await?;
    write_under(trial, &old, false).await?;
    is_lost(old).await
}

/// contract test 47
async fn an_older_epoch_of_the_same_holder_is_refused<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let leases = leases(trial, SHORT)?;
    let old = acquire(&leases, "a").await?;
    let new = acquire(&leases, "a").await?;
    ensure(new.epoch() > old.epoch(), format_args!("an epoch after {}", old.epoch()), &new)?;
    write_under(trial, &old, false).await?;
    write_under(trial, &new, true).await?;
    is_lost(old).await
}

/// contract test 48
async fn a_strangers_write_does_not_move_the_epoch_back<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let leases = leases(trial, SHORT)?;
    let first = acquire(&leases, "a").await?;
    let early = trial.find(&lease_key(), Part::Spec).await?;
    let early = early.ok_or_else(|| violated("the epoch record", first.name()))?;
    let second = acquire(&leases, "b").await?;
    // Somebody writes back what stood there under the first epoch, and tears the beat.
    let copy = write(&lease_key(), Part::Spec, early.value.to_vec(), Expect::Anything);
    trial.run([copy, write(&lease_key(), Part::Status, b"torn".to_vec(), Expect::Anything)]).await?;
    write_under(trial, &first, false).await?;
    write_under(trial, &second, false).await?;
    is_lost(first).await?;
    let last = second.epoch();
    is_lost(second).await?;
    let third = acquire(&leases, "c").await?;
    ensure(third.epoch() > last, format_args!("an epoch after {last}"), &third)?;
    write_under(trial, &third, true).await
}

/// contract test 50
async fn takeover_comes_after_the_ttl<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let leases = leases(trial, SHORT)?;
    let mut old = acquire(&leases, "a").await?;
    let mut challenger = pin!(acquire(&leases, "b"));
    for _ in 0..3 {
        let renewed = trial.seams.now();
        match old.renew().await {
            Ok(()) => {}
            // On a machine that stood still for the TTL.
            Err(LeaseError::Lost { .. }) if trial.seams.now() - renewed >= SHORT => break,
            Err(error) => return Err(violated("a renewal", error)),
        }
    }
    let last = old.valid_until() - (SHORT * 2 / 3);
    let new = challenger.as_mut().await?;
    let took = trial.seams.now() - last;
    ensure(took >= SHORT, format_args!("{SHORT:?} at least since the last renewal"), took)?;
    ensure(took <= SHORT + ROOM, format_args!("{:?} at most since the last renewal", SHORT + ROOM), took)?;
    ensure(!old.is_valid(), "the old one not valid when the new one is granted", old.valid_until())?;
    ensure(new.epoch() > old.epoch(), format_args!("an epoch after {}", old.epoch()), &new)
}

/// Demands that a write under a lease is taken, or refused because of its fence.
async fn write_under<B: Backend>(trial: &Trial<'_, B>, held: &Held, taken: bool) -> Outcome {
    let written =
        Transaction::of([put(&key("guarded"), held.name(), Expect::Anything)]).checking(held.fence());
    match trial.store.commit(written).await {
        Ok(commit) => {
            ensure(taken, format_args!("a write under epoch {} to be refused", held.epoch()), commit)
        }
        Err(CommitError::Conflict(failed)) => {
            let fenced = failed.len() == 1 && failed[0].key == lease_key() && failed[0].part == Part::Spec;
            ensure(
                !taken && fenced,
                format_args!("a write under epoch {}: taken: {taken}", held.epoch()),
                failed,
            )
        }
        Err(error) => Err(violated("an answer to a write under a lease", error)),
    }
}

async fn is_lost(mut held: Held) -> Outcome {
    let renewed = held.renew().await;
    ensure(matches!(renewed, Err(LeaseError::Lost { .. })), "no renewal of a lost lease", renewed)?;
    let released = held.release().await;
    ensure(matches!(released, Err(LeaseError::Lost { .. })), "no release of a lost lease", released)
}
