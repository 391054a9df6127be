//! Tests 40, 41 and 43: slow readers, large catch-ups, readers that let go.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::case::{Case, Outcome, ensure};
use super::trial::{Trial, key, put, write};
use crate::{Backend, Expect, FeedItem, Index, Key, Part, ResetReason};

pub(super) fn cases<B: Backend>() -> Vec<Case<B>> {
    vec![
        Case::new(40, "F8", "a slow reader loses nothing for good, the writer is not slowed", |t| {
            Box::pin(a_slow_reader_slows_nobody(t))
        }),
        Case::new(41, "F4", "a catch-up of 8 MB passes", |t| Box::pin(a_large_catch_up_passes(t))),
        Case::new(43, "F1", "dropping next() at any poll loses nothing", |t| {
            Box::pin(dropping_next_loses_nothing(t))
        }),
    ]
}

/// contract test 40
async fn a_slow_reader_slows_nobody<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let commits = trial.hooks.overflow_after.unwrap_or(300);
    let keys: Vec<Key> = (0..10).map(|n| key(&n.to_string())).collect();
    let mut slow = trial.follow(None).await?;
    slow.sync().await?;
    let mut last = Index::ZERO;
    for n in 0..commits {
        let value = vec![b'a'; 1024];
        last = trial.run([write(&keys[n % 10], Part::Spec, value, Expect::Anything)]).await?.index;
    }
    let mut overflowed = false;
    while !slow.is_synced() || slow.at.is_none_or(|at| at.index < last) {
        let item = slow.feed().next().await;
        overflowed |= matches!(item, Ok(FeedItem::Reset { why: ResetReason::Overflow }));
        // After a reset the feed goes on with a snapshot, or ends and is followed anew.
        if overflowed && item.is_err() && !slow.is_synced() {
            slow = trial.follow(None).await?;
        } else {
            slow.take(item)?;
        }
    }
    let must = trial.hooks.overflow_after.is_some();
    ensure(overflowed || !must, format_args!("Reset(Overflow) after {commits} commits"), &slow.resets)?;
    trial.agrees(&slow, &keys).await
}

/// contract test 41
async fn a_large_catch_up_passes<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    const BYTES: usize = 8 * 1024 * 1024;
    let size = trial.store.limits().spec_bytes.min(trial.store.limits().transaction_bytes - 100);
    let keys: Vec<Key> = (0..BYTES.div_ceil(size)).map(|n| key(&n.to_string())).collect();
    let mut live = trial.follow(None).await?;
    live.sync().await?;
    let kept = live.at;
    let mut last = Index::ZERO;
    for key in &keys {
        last = trial.run([write(key, Part::Spec, vec![b'a'; size], Expect::Absent)]).await?.index;
    }
    for mut follower in [live, trial.follow(kept).await?, trial.follow(None).await?] {
        follower.reach(last).await?;
        trial.agrees(&follower, &keys).await?;
    }
    Ok(())
}

/// contract test 43
async fn dropping_next_loses_nothing<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    let keys: Vec<Key> = (0..5).map(|n| key(&n.to_string())).collect();
    trial.run(keys.iter().map(|key| put(key, "0", Expect::Absent))).await?;
    let mut follower = trial.follow(None).await?;
    let mut last = Index::ZERO;
    for n in 0..40 {
        // Polled once and let go, before and after a commit that it may be waiting for.
        touch(&mut follower)?;
        last = trial.run([put(&keys[n % 5], &n.to_string(), Expect::Anything)]).await?.index;
        touch(&mut follower)?;
    }
    follower.reach(last).await?;
    trial.agrees(&follower, &keys).await
}

fn touch(follower: &mut super::view::Follower) -> Outcome {
    let polled = {
        let mut next = pin!(follower.feed().next());
        next.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    };
    match polled {
        Poll::Ready(item) => follower.take(item),
        Poll::Pending => Ok(()),
    }
}
