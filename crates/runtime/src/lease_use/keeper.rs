//! The task that keeps a lease: acquires it, renews it, gives it back.
//!
//! Work under a lease ends before the lease does: at the renew deadline nothing new begins and what runs is cancelled and waited for, a third of the
//! TTL before another may take over. What is late all the same is refused by the store, because every commit carries the epoch.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_backend::{Held, LeaseError, LeaseSettings, Leases, StoreLease};
use trimtab_seams::Seams;
use trimtab_store::Store;

use super::{Lease, Tenure};
use crate::shard::{self, Share};
use crate::task::{First, Group, Signal, pause, race, unless};

/// Keeps one lease, for one controller or for all of a manager that share it.
#[derive(Debug)]
pub(crate) struct Keeper {
    leases: StoreLease,
    seams: Seams,
    /// Of the lease.
    name: String,
    holder: String,
    /// The group whose member it is a lease of, and where.
    group: Option<(Store, shard::Group)>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    tenure: Option<Arc<Tenure>>,
    /// How many there have been.
    tenures: u64,
    waiting: Vec<Waker>,
    error: Option<String>,
}

/// How holding a lease came to its end.
enum Left {
    /// It was asked to stop.
    Stopped,
    /// Another has it.
    Lost,
    /// The group does not hold it any more.
    Out,
    /// The store did not answer until the renew deadline; it may be ours still.
    Late,
}

impl Keeper {
    pub(crate) fn new(store: &Store, lease: &Lease) -> Arc<Self> {
        let seams = store.seams().clone();
        // Checked before anything begins.
        let settings = LeaseSettings::with_ttl(lease.ttl).unwrap_or_default();
        let leases = StoreLease::new(store.backend().clone(), &seams).with_settings(settings);
        let holder = lease.holder.clone().unwrap_or_else(|| format!("{:016x}", seams.random()));
        let group = lease.shared.then(|| (store.clone(), shard::Group::new(store, &lease.name)));
        let name = match &group {
            // A lease of this process alone: members do not contend.
            Some(_) => format!("{}.{:016x}", lease.name, seams.random()),
            None => lease.name.clone(),
        };
        Arc::new(Self { leases, seams, name, holder, group, state: Mutex::default() })
    }

    /// Starts to keep it, until `stop`; then it is given back once the work under it has ended.
    pub(crate) fn start(self: &Arc<Self>, group: &Group, stop: Arc<Signal>) {
        let this = Arc::clone(self);
        group.spawn(&self.seams, "lease", async move { this.keep(&stop).await });
    }

    /// The tenure after the one of this number, with its number; waits for it. Cancel safe.
    pub(crate) async fn after(&self, last: u64) -> (u64, Arc<Tenure>) {
        poll_fn(|cx| {
            let mut state = self.state.lock();
            match &state.tenure {
                Some(tenure) if state.tenures > last => Poll::Ready((state.tenures, Arc::clone(tenure))),
                _ => {
                    if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                        state.waiting.push(cx.waker().clone());
                    }
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// The present tenure, while the lease is held.
    pub(crate) fn tenure(&self) -> Option<Arc<Tenure>> {
        self.state.lock().tenure.clone()
    }

    /// Whether it keeps a membership in a group that shares keys out.
    pub(crate) fn is_shared(&self) -> bool {
        self.group.is_some()
    }

    /// Why the lease cannot be had, when that is not because another holds it.
    pub(crate) fn error(&self) -> Option<String> {
        let state = self.state.lock();
        let of_group = || state.tenure.as_ref()?.share.as_ref()?.trouble();
        state.error.clone().or_else(of_group)
    }

    async fn keep(&self, stop: &Signal) {
        let mut failures = 0;
        while let Some(acquired) = unless(stop.raised(), self.leases.acquire(&self.name, &self.holder)).await
        {
            match acquired {
                Ok(held) => {
                    failures = 0;
                    self.hold(held, stop).await;
                }
                Err(error) => {
                    tracing::error!(lease = self.name, %error, failures, "a lease cannot be acquired; trying again");
                    self.state.lock().error = Some(format!("lease `{}`: {error}", self.name));
                    let delay =
                        pause(&self.seams, Duration::from_millis(500), Duration::from_secs(60), failures);
                    failures = failures.saturating_add(1);
                    unless(stop.raised(), self.seams.sleep(delay)).await;
                }
            }
        }
    }

    /// Holds it to its end: one tenure, or several when the store was away for longer than the renew deadline but nobody took over.
    async fn hold(&self, mut held: Held, stop: &Signal) {
        loop {
            tracing::info!(
                lease = self.name,
                holder = self.holder,
                epoch = held.epoch().get(),
                "the lease is held"
            );
            let share = self.group.as_ref().map(|(_, group)| Arc::new(Share::new(group.clone(), &self.name)));
            let tenure = Arc::new(Tenure::new(held.epoch(), held.fence(), held.valid_until(), share));
            self.publish(Some(Arc::clone(&tenure)));
            let share_in = Box::pin(self.share_in(&tenure));
            let left = match race(self.renew_while(&mut held, &tenure, stop), share_in).await {
                First::Left(left) => left,
                First::Right(()) => Left::Out,
            };
            tenure.lost.raise();
            self.publish(None);
            tenure.work.ended().await;
            match left {
                Left::Stopped => {
                    if let Some((_, group)) = &self.group {
                        return shard::leave(group, held).await;
                    }
                    if let Err(error) = held.release().await {
                        tracing::warn!(lease = self.name, %error, "the lease could not be given back; it ends by itself");
                    }
                    return;
                }
                Left::Lost => return,
                Left::Out => {
                    // Should it stand still, it would have to run out before this one begins anew.
                    drop(held.release().await);
                    return;
                }
                Left::Late => match unless(stop.raised(), self.win_back(&mut held)).await {
                    Some(true) => {}
                    Some(false) | None => return,
                },
            }
        }
    }

    /// Takes part in the group, when there is one, for as long as the tenure lasts.
    async fn share_in(&self, tenure: &Arc<Tenure>) {
        match (&self.group, &tenure.share) {
            (Some((store, _)), Some(share)) => {
                shard::join_and_share(store, &self.leases, tenure, share, &self.holder).await;
            }
            _ => std::future::pending().await,
        }
    }

    async fn renew_while(&self, held: &mut Held, tenure: &Tenure, stop: &Signal) -> Left {
        loop {
            let work_or_stop = unless(stop.raised(), self.seams.sleep_until(held.renew_at()));
            if unless(tenure.lost.raised(), work_or_stop).await.flatten().is_none() {
                // Either it is to be given up, or the store has told a run that it has passed on.
                return if stop.is_raised() { Left::Stopped } else { Left::Lost };
            }
            // A store that is away does not hold up a stop.
            let Some(renewed) = unless(stop.raised(), self.look_and_renew(held, tenure)).await else {
                return Left::Stopped;
            };
            match renewed {
                Err(left) => return left,
                Ok(Ok(())) if tenure.extend(held.valid_until()) => {}
                // A process that slept: it is held still, but workers have stopped.
                Ok(Ok(())) => return Left::Late,
                Ok(Err(error @ LeaseError::Lost { .. })) => {
                    tracing::warn!(lease = self.name, %error, "the lease is lost");
                    return Left::Lost;
                }
                Ok(Err(error)) => {
                    tracing::warn!(lease = self.name, %error, "the lease could not be renewed in time; work under it ends");
                    return Left::Late;
                }
            }
        }
    }

    /// Renews it, unless its end is plain before.
    async fn look_and_renew(&self, held: &mut Held, tenure: &Tenure) -> Result<Result<(), LeaseError>, Left> {
        if let Some(share) = &tenure.share {
            // Who does not see the map would keep keys that others wait for, so it does not keep its lease either.
            let looked = unless(self.seams.sleep_until(held.valid_until()), share.look_until_seen());
            if unless(tenure.lost.raised(), looked).await.flatten().is_none() {
                return Err(if tenure.lost.is_raised() { Left::Lost } else { Left::Late });
            }
        }
        Ok(held.renew().await)
    }

    /// Renews until it is known whether the lease is still held.
    async fn win_back(&self, held: &mut Held) -> bool {
        loop {
            match held.renew().await {
                Ok(()) => return true,
                Err(LeaseError::Unavailable(_)) => {}
                Err(_) => return false,
            }
        }
    }

    fn publish(&self, tenure: Option<Arc<Tenure>>) {
        let waiting = {
            let mut state = self.state.lock();
            state.error = None;
            state.tenures += u64::from(tenure.is_some());
            state.tenure = tenure;
            if state.tenure.is_some() { std::mem::take(&mut state.waiting) } else { Vec::new() }
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}
