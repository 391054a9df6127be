//! Whether anything is left to do.
//!
//! Settled is an instant, not a silence: every first snapshot was delivered, the files are applied, the view is at the last commit, no key is ready or running, none
//! fails, no trigger waits. Runs that are promised for later (`requeue_after`, `resync`) do not count. Waiting for a while without events would be wrong
//! both ways: too short for a slow script, too long for everybody else.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use trimtab::backend::{Index, Leases as _, StoreLease};
use trimtab::runtime::{ControllerHandle, ControllerStatus, KeyStatus, KeyStatusState, ManagerHandle};
use trimtab::seams::{Instant, Seams};
use trimtab::store::{Entry, Store};

use super::entries::Standing;
use trimtab_polyglot::NotYet;

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(20);
/// A key that has failed so often in a row is not waited for.
const HOPELESS: u32 = 5;
/// What is only to be told is waited for no longer.
const MOMENT: Duration = Duration::from_secs(1);
/// While more keys than these are ready, they are told as a number.
const MOST_KEYS: usize = 100;

/// How the wait ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Settled,
    /// Nothing but this is left, and it will not go by itself.
    Failed(Vec<String>),
    /// This was left when the time was up.
    TimedOut(Vec<String>),
}

/// What is looked at.
pub(super) struct Judge {
    pub(super) store: Store,
    pub(super) seams: Seams,
    pub(super) manager: ManagerHandle,
    pub(super) entries: Arc<Mutex<Standing>>,
    pub(super) not_yet: Vec<(String, NotYet)>,
}

/// What is left at one instant.
#[derive(Debug, Default)]
struct Left {
    /// Work that goes on.
    busy: Vec<String>,
    /// What will not go by itself.
    stuck: Vec<String>,
    /// Controllers that another replica runs.
    standby: Vec<String>,
}

impl Left {
    fn is_busy(&self) -> bool {
        !self.busy.is_empty() || !self.standby.is_empty()
    }
}

impl Judge {
    /// Waits until nothing is left to do, or only what is hopeless, or the time is up.
    pub(super) async fn wait(&self, deadline: Instant) -> Verdict {
        loop {
            let begun = self.seams.now();
            // A store that is away answers nobody for a while.
            let looked = tokio::select! {
                left = Box::pin(self.look()) => Some(left),
                () = self.seams.sleep_until(deadline) => None,
            };
            let Some(left) = looked else { return Verdict::TimedOut(self.left_over().await) };
            // Looking at many keys must not take the time that reconciling them needs.
            let pause = LOOK.max((self.seams.now() - begun) * 10);
            match (left.is_busy(), left.stuck.is_empty()) {
                (false, true) => return Verdict::Settled,
                (false, false) => return Verdict::Failed(left.stuck),
                (true, _) if self.seams.now() >= deadline => {
                    return Verdict::TimedOut(self.told(left).await);
                }
                _ => self.seams.sleep(pause.min(deadline - self.seams.now())).await,
            }
        }
    }

    /// What is left when the time is up, as far as it can be seen in a moment.
    pub(super) async fn left_over(&self) -> Vec<String> {
        tokio::select! {
            left = Box::pin(self.look()) => self.told(left).await,
            () = self.seams.sleep(MOMENT) => {
                vec![self.store.health().explained("the store does not answer")]
            }
        }
    }

    /// What is left, and who has what is not this replica's to do.
    async fn told(&self, left: Left) -> Vec<String> {
        let mut told: Vec<_> = left.stuck.into_iter().chain(left.busy).collect();
        for controller in left.standby {
            let line = match self.leader(&controller).await {
                Some(holder) => format!(
                    "stands by, and replica {holder} leads it: whether all is settled, only that one can say"
                ),
                None => "stands by until it has its lease".into(),
            };
            told.push(format!("controller {controller}: {line}"));
        }
        told
    }

    /// Who holds the lease of a controller, when that can be learnt in a moment.
    async fn leader(&self, controller: &str) -> Option<String> {
        let leases = StoreLease::new(self.store.backend().clone(), &self.seams);
        let asked = async { leases.watch(controller).ok()?.next().await.ok()? };
        tokio::select! {
            holder = Box::pin(asked) => holder.map(|holder| holder.name),
            () = self.seams.sleep(MOMENT) => None,
        }
    }

    async fn look(&self) -> Left {
        let mut left = Left::default();
        let index = self.index(&mut left).await;
        self.entries(&mut left);
        for (controller, keys) in &self.not_yet {
            let said = keys.all().into_iter();
            left.busy.extend(said.map(|(key, words)| format!("{key}: controller {controller} {words}")));
        }
        for handle in self.manager.controllers() {
            // What is tried again keeps the controller from being settled; what is not, does not.
            let is_settled = handle.is_settled();
            for (key, error) in handle.status().sources.into_iter().flat_map(|source| source.unmapped) {
                let what = format!("{key}: controller {} could not map it: {error}", handle.name());
                if is_settled { left.stuck.push(what) } else { left.busy.push(what) }
            }
            let status = handle.status();
            if status.standby {
                left.standby.push(status.name);
                left.busy.extend(
                    status.reasons.iter().map(|reason| format!("controller {}: {reason}", handle.name())),
                );
                continue;
            }
            left.busy.extend(shared(&status));
            if !is_settled {
                let before = left.busy.len() + left.stuck.len();
                self.controller(&handle, &mut left);
                if left.busy.len() + left.stuck.len() == before {
                    left.busy.push(format!("controller {}: is at work", handle.name()));
                }
            }
        }
        // Each look at every entry costs, so it is taken only when it decides.
        if !left.is_busy() {
            self.deletions(&mut left);
        }
        // Whatever was committed meanwhile has not been looked at.
        if !left.is_busy() && self.index(&mut left).await != index {
            left.busy.push("the store changes".into());
        }
        left
    }

    /// Where the view stands, which must be where the store does.
    async fn index(&self, left: &mut Left) -> Index {
        let view = self.store.position();
        match self.store.head().await {
            Ok(head) if Some(head) == view => {}
            Ok(head) => left.busy.push(format!("the view is not yet at index {}", head.index)),
            Err(error) => left.busy.push(self.store.health().explained(error)),
        }
        view.map(|view| view.index).unwrap_or_default()
    }

    /// What is left of a controller that is not settled.
    fn controller(&self, handle: &ControllerHandle, left: &mut Left) {
        let status = handle.status();
        let name = &status.name;
        let mut busy = |what: &str| left.busy.push(format!("controller {name}: {what}"));
        status.reasons.iter().for_each(|reason| busy(reason));
        let behind = status.sources.iter().any(|source| {
            let published = self.store.publisher().index_of(&source.name.as_str().into());
            let synced = source.synced || !source.gate;
            !synced || source.position.is_some_and(|position| position.get() < published)
        });
        if behind {
            busy("has not seen every change yet");
        }
        if status.triggers > 0 {
            busy("triggers wait");
        }
        if status.queue.ready > MOST_KEYS {
            busy(&format!("{} keys are ready", status.queue.ready));
            return;
        }
        for key in handle.keys() {
            key_of(name, &key, left);
        }
    }

    fn entries(&self, left: &mut Left) {
        let Standing { pending, wrong, waits } = self.entries.lock().clone();
        left.stuck.extend(wrong);
        let going = |key| matches!(self.store.entry(key), Ok(Some(entry)) if entry.is_deleting());
        if pending || !waits.iter().all(going) {
            left.busy.push("files are being applied".into());
        }
    }

    /// Entries that are still being deleted. One that a script will look at again is work that goes on, unless it does nothing but fail.
    fn deletions(&self, left: &mut Left) {
        let view = self.store.view();
        let entries = view.kinds().into_iter().flat_map(|kind| view.list_kind(kind).everywhere());
        for entry in entries.filter_map(Result::ok).filter(Entry::is_deleting) {
            let promised = self.manager.controllers().iter().any(|controller| {
                let promised = |key: &KeyStatus| key.next_run.is_some() && key.failures < HOPELESS;
                controller.keys().iter().any(|key| key.request == *entry.key() && promised(key))
            });
            let holders = entry.finalizers().join(", ");
            let what = format!("{}: is still being deleted, held by {holders}", entry.key());
            if promised { left.busy.push(what) } else { left.stuck.push(what) }
        }
    }
}

/// The others of a group: what they have to do cannot be seen from here.
fn shared(status: &ControllerStatus) -> Option<String> {
    let group = status.shard.as_ref()?;
    let others: Vec<_> = group.members.iter().filter(|member| member.name != group.member).collect();
    let names: Vec<_> = others.iter().map(|member| member.holder.as_str()).collect();
    let what = "shares its entries with other replicas, and whether those are settled, only they can say";
    (!names.is_empty()).then(|| format!("controller {}: {what}: {}", status.name, names.join(", ")))
}

fn key_of(controller: &str, key: &KeyStatus, left: &mut Left) {
    let KeyStatus { request, failures, last_error, .. } = key;
    let error = last_error.as_deref().unwrap_or_default();
    let waits = matches!(key.state, KeyStatusState::Failing | KeyStatusState::Deferred);
    if key.terminal && waits {
        left.stuck.push(format!("{request}: controller {controller} gave up: {error}"));
    } else if *failures >= HOPELESS {
        left.stuck
            .push(format!("{request}: controller {controller} failed {failures} times in a row: {error}"));
    } else if *failures > 0 {
        left.busy.push(format!("{request}: controller {controller} failed and tries again: {error}"));
    } else if let Some(why) = &key.why {
        left.busy.push(format!("{request}: controller {controller}: {why}"));
    } else if !waits {
        left.busy.push(format!("{request}: controller {controller} has it {}", key.state.as_str()));
    }
}
