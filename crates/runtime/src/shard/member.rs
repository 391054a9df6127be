//! The life of a member: joins, adopts each map, takes out who has fallen silent, leaves.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use trimtab_backend::{
    Check, Expect, Held, Index, Key, LeaseError, Operation, Over, StoreLease, Transaction, Vigil,
};
use trimtab_seams::BoxFuture;
use trimtab_store::Store;

use super::group::{Seen, Trouble, Wrote};
use super::{Group, Member, Share};
use crate::lease_use::{Tenure, caught_up};
use crate::task::{First, pause, race, unless};

/// Members taken out by one transaction; two conditions each, and a server takes 128 of all in one. The rest is over still when that is done.
const AT_ONCE: usize = 32;

/// How often it is tried at most to take out those who seem to be silent and are not.
const IN_VAIN: Duration = Duration::from_secs(2);

/// Belongs to the group. Ends when the map does not hold this member any more: then its lease is as good as lost.
pub(crate) async fn join_and_share(
    store: &Store,
    leases: &StoreLease,
    tenure: &Arc<Tenure>,
    share: &Share,
    holder: &str,
) {
    let me = Member { lease: share.lease.clone(), holder: holder.into(), epoch: tenure.epoch() };
    let life = Life { store, tenure, share, me, fence: tenure.fence() };
    life.live(leases.vigil()).await;
}

struct Life<'a> {
    store: &'a Store,
    tenure: &'a Arc<Tenure>,
    share: &'a Share,
    me: Member,
    /// Of the lease.
    fence: Check,
}

/// What is to be done next, as the group stands.
enum Next {
    Join,
    Adopt,
    /// To tell the others that it was adopted.
    Tell,
    /// All have adopted it: to make sure of the view.
    CatchUp,
    Wait,
    /// Somebody has taken it out.
    Out,
}

enum Woken {
    Rung,
    Posted,
    CaughtUp,
    Over(Result<Vec<Over>, LeaseError>),
}

impl Life<'_> {
    async fn live(&self, mut vigil: Vigil) {
        let Share { group, board, .. } = self.share;
        let mut bell = group.bell();
        let mut catching_up: Option<(Index, BoxFuture<'static, ()>)> = None;
        let (mut joined, mut look, mut failures, mut in_vain) = (false, true, 0, 0);
        loop {
            if look && let Err(trouble) = self.share.look().await {
                self.wait(&trouble, &mut failures).await;
                continue;
            }
            let (number, seen) = board.get();
            let Some(seen) = seen else { continue };
            if look {
                self.share.note(None);
            }
            joined |= seen.map.holds(&self.me.lease, self.me.epoch);
            let wrote = match self.next(&seen, joined) {
                Next::Out => return,
                Next::Join => Some(self.write_members(&seen, &BTreeSet::new(), Vec::new()).await),
                Next::Adopt => {
                    self.share.adopt(&seen.map).await;
                    look = false;
                    continue;
                }
                Next::Tell => Some(group.write_adopted(&seen, &self.me.lease, self.fence.clone()).await),
                Next::CatchUp => {
                    if catching_up.as_ref().is_none_or(|(version, _)| *version != seen.map.version) {
                        let (store, tenure) = (self.store.clone(), Arc::clone(self.tenure));
                        let caught_up = Box::pin(async move { caught_up(&store, &tenure).await });
                        catching_up = Some((seen.map.version, caught_up));
                    }
                    None
                }
                Next::Wait => {
                    catching_up = None;
                    None
                }
            };
            if let Some(wrote) = wrote {
                look = true;
                self.rest_after(wrote, &mut failures).await;
                continue;
            }
            let others = seen.map.members.iter().filter(|member| member.lease != self.me.lease);
            let others = others.map(|member| (&*member.lease, member.epoch));
            let caught_up = async {
                match &mut catching_up {
                    Some((_, caught_up)) => caught_up.await,
                    None => std::future::pending().await,
                }
            };
            let news = race(race(board.after(number), bell.rung()), race(caught_up, vigil.over(others)));
            let woken = match news.await {
                First::Left(First::Left(())) => Woken::Posted,
                First::Left(First::Right(())) => Woken::Rung,
                First::Right(First::Left(())) => Woken::CaughtUp,
                First::Right(First::Right(over)) => Woken::Over(over),
            };
            look = matches!(woken, Woken::Rung | Woken::Over(_));
            match woken {
                Woken::Rung => in_vain = 0,
                Woken::Posted => {}
                Woken::CaughtUp => {
                    catching_up = None;
                    self.share.settle(seen.map.version);
                }
                Woken::Over(Ok(over)) => match self.take_out(&seen, &over).await {
                    // Somebody was first, which the bell tells; or they live, and it is the feed that is silent: then it would be so at once again.
                    Ok(Wrote::Beaten) => {
                        let delay = pause(&group.seams, Duration::from_millis(20), IN_VAIN, in_vain);
                        in_vain = in_vain.saturating_add(1);
                        if unless(bell.rung(), group.seams.sleep(delay)).await.is_none() {
                            in_vain = 0;
                        }
                    }
                    wrote => {
                        in_vain = 0;
                        self.rest_after(wrote, &mut failures).await;
                    }
                },
                Woken::Over(Err(error)) => {
                    tracing::error!(group = group.name, %error, failures, "the leases of other members cannot be watched; trying again");
                    let delay =
                        pause(&group.seams, Duration::from_millis(500), Duration::from_secs(60), failures);
                    failures = failures.saturating_add(1);
                    unless(board.after(number), group.seams.sleep(delay)).await;
                }
            }
        }
    }

    fn next(&self, seen: &Seen, joined: bool) -> Next {
        let standing = self.share.standing();
        let version = Some(seen.map.version);
        if !seen.map.holds(&self.me.lease, self.me.epoch) {
            return if joined { Next::Out } else { Next::Join };
        }
        match standing.version() {
            // An older copy of the store was put back.
            Some(adopted) if adopted > seen.map.version => Next::Out,
            adopted if adopted != version => Next::Adopt,
            _ if seen.adopted.get(&self.me.lease) != version.as_ref() => Next::Tell,
            _ if seen.is_adopted() && !standing.is_settled() => Next::CatchUp,
            _ => Next::Wait,
        }
    }

    /// Writes itself among the members, and those out who are gone.
    async fn write_members(
        &self,
        seen: &Seen,
        gone: &BTreeSet<(&str, Index)>,
        mut checks: Vec<Check>,
    ) -> Result<Wrote, Trouble> {
        // A former life of this one ended with its lease.
        let stays = |member: &&Member| {
            member.lease != self.me.lease && !gone.contains(&(&*member.lease, member.epoch))
        };
        let mut members: Vec<_> = seen.map.members.iter().filter(stays).cloned().collect();
        members.push(self.me.clone());
        members.sort_by(|a, b| a.lease.cmp(&b.lease));
        checks.push(self.fence.clone());
        self.share.group.write_members(seen, members, checks, None).await
    }

    async fn take_out(&self, seen: &Seen, over: &[Over]) -> Result<Wrote, Trouble> {
        let group = &self.share.group;
        let over = &over[..over.len().min(AT_ONCE)];
        let gone = over.iter().map(|life| (&*life.name, life.epoch)).collect();
        let unmoved = over.iter().flat_map(|life| life.unmoved.clone()).collect();
        let wrote = self.write_members(seen, &gone, unmoved).await?;
        if wrote == Wrote::Yes {
            for life in over {
                tracing::warn!(
                    group = group.name,
                    member = life.name,
                    epoch = life.epoch.get(),
                    "a member has fallen silent and was taken out of its group"
                );
                // Only tidying: nobody asks for this lease again.
                let delete = delete_lease(&life.unmoved[0].key, life.epoch);
                drop(group.commit(Transaction::of([delete])).await);
            }
        }
        Ok(wrote)
    }

    async fn rest_after(&self, wrote: Result<Wrote, Trouble>, failures: &mut u32) {
        match wrote {
            Ok(Wrote::Yes) => {
                *failures = 0;
                self.share.note(None);
            }
            // Whoever was first may be one of many.
            Ok(Wrote::Beaten) => {
                let seams = &self.share.group.seams;
                seams.sleep(seams.random_below(Duration::from_millis(20))).await;
            }
            Err(trouble) => self.wait(&trouble, failures).await,
        }
    }

    async fn wait(&self, trouble: &Trouble, failures: &mut u32) {
        let group = &self.share.group;
        tracing::warn!(group = group.name, %trouble, failures, "the map of a group is out of reach; trying again");
        self.share.note(Some(trouble));
        group.seams.sleep(trouble.delay(&group.seams, *failures)).await;
        *failures = failures.saturating_add(1);
    }
}

/// Leaves: out of the map, and its lease with it. Its work has ended. What cannot be written in time ends by itself.
pub(crate) async fn leave(group: &Group, held: Held) {
    let now = group.seams.now();
    let until = held.valid_until().clamp(now + Duration::from_secs(1), now + Duration::from_secs(10));
    let left = unless(group.seams.sleep_until(until), async {
        let mut failures = 0;
        loop {
            match try_to_leave(group, &held).await {
                Ok(Wrote::Yes) => return,
                Ok(Wrote::Beaten) => {
                    group.seams.sleep(group.seams.random_below(Duration::from_millis(20))).await;
                }
                Err(trouble) => {
                    group.seams.sleep(trouble.delay(&group.seams, failures)).await;
                    failures += 1;
                }
            }
        }
    });
    if left.await.is_none() {
        tracing::warn!(
            group = group.name,
            lease = held.name(),
            "a member could not leave its group; it is taken out when its lease has run out"
        );
    }
}

async fn try_to_leave(group: &Group, held: &Held) -> Result<Wrote, Trouble> {
    let seen = group.look().await?;
    let delete = delete_lease(&held.fence().key, held.epoch());
    if !seen.map.holds(held.name(), held.epoch()) {
        group.commit(Transaction::of([delete])).await?;
        return Ok(Wrote::Yes);
    }
    let members = seen.map.members.iter().filter(|member| member.lease != held.name()).cloned().collect();
    group.write_members(&seen, members, Vec::new(), Some(delete)).await
}

/// A member's lease goes with its place in the map: its name is of one process, so nothing else ever would remove it.
fn delete_lease(lease: &Key, epoch: Index) -> Operation {
    Operation::Delete { key: lease.clone(), expect: Expect::At(epoch) }
}
