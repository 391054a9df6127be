//! A member's share while it holds its lease: what may begin, what runs, under which conditions it commits.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use trimtab_backend::{Check, Index, Key};

use super::group::{Group, Seen, Trouble};
use super::{Map, Member, Standing};
use crate::task::{Signal, Watched};

/// Shared by all controllers of a process that are in the group.
#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) group: Group,
    /// The member's lease.
    pub(crate) lease: String,
    /// The group as it was last seen.
    pub(super) board: Watched<Option<Arc<Seen>>>,
    standing: Watched<Arc<Standing>>,
    runs: Mutex<Runs>,
    /// Why the group is out of reach, while it is.
    trouble: Mutex<Option<String>>,
}

#[derive(Debug, Default)]
struct Runs {
    last: u64,
    running: BTreeMap<u64, Arc<Running>>,
}

#[derive(Debug)]
struct Running {
    key: Key,
    lost: Signal,
    over: Signal,
}

/// Whether a run may begin.
pub(crate) enum Begun {
    Yes(Pass),
    /// The key is this member's, once those who may be at it have let go.
    Later,
    /// Another member runs it.
    NotOurs,
}

/// A run under a share. Who takes the key away waits until it is dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    share: Arc<Share>,
    id: u64,
    running: Arc<Running>,
}

impl Share {
    pub(crate) fn new(group: Group, lease: &str) -> Self {
        let standing = Watched::new(Standing::outside(lease));
        Self {
            group,
            lease: lease.into(),
            board: Watched::new(None),
            standing,
            runs: Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    pub(crate) fn standing(&self) -> Arc<Standing> {
        self.standing.get().1
    }

    pub(super) fn note(&self, trouble: Option<&Trouble>) {
        *self.trouble.lock() = trouble.map(ToString::to_string);
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().clone()
    }

    pub(crate) fn seen(&self) -> Option<Arc<Seen>> {
        self.board.get().1
    }

    /// Ends once it stands otherwise than this. Cancel safe.
    pub(crate) async fn moved(&self, from: &Arc<Standing>) {
        loop {
            let (number, standing) = self.standing.get();
            if !Arc::ptr_eq(&standing, from) {
                return;
            }
            self.standing.after(number).await;
        }
    }

    /// Ends once it is a member. Cancel safe.
    pub(crate) async fn joined(&self) {
        loop {
            let standing = self.standing();
            if standing.map().is_some() {
                return;
            }
            self.moved(&standing).await;
        }
    }

    /// Who owns a key by the map that was seen last.
    pub(crate) fn owner(&self, key: &Key) -> Option<Member> {
        self.seen()?.map.owner(key).cloned()
    }

    /// Whether a key may be queued: it is not known to be another member's.
    pub(crate) fn admits(&self, key: &Key) -> bool {
        let standing = self.standing();
        standing.map().is_none() || standing.owns(key)
    }

    /// Begins a run of a key, if it may.
    pub(crate) fn begin(self: &Arc<Self>, key: &Key) -> Begun {
        let mut runs = self.runs.lock();
        let standing = self.standing();
        if !standing.allows(key) {
            return if self.admits(key) { Begun::Later } else { Begun::NotOurs };
        }
        runs.last += 1;
        let id = runs.last;
        let running =
            Arc::new(Running { key: key.clone(), lost: Signal::default(), over: Signal::default() });
        runs.running.insert(id, Arc::clone(&running));
        Begun::Yes(Pass { share: Arc::clone(self), id, running })
    }

    /// Goes by another map: nothing begins any more that is lost by it. Ends when what ran of that has ended.
    pub(super) async fn adopt(&self, map: &Arc<Map>) {
        let lost: Vec<_> = {
            let runs = self.runs.lock();
            self.standing.replace(|standing| Some(standing.adopt(Arc::clone(map))));
            let standing = self.standing();
            runs.running.values().filter(|run| !standing.allows(&run.key)).cloned().collect()
        };
        for run in &lost {
            run.lost.raise();
        }
        for run in lost {
            run.over.raised().await;
        }
    }

    /// All have adopted the map of this version: what was gained may begin.
    pub(super) fn settle(&self, version: Index) {
        let is_next =
            |standing: &Arc<Standing>| standing.version() == Some(version) && !standing.is_settled();
        self.standing.replace(|standing| is_next(standing).then(|| standing.settle()));
    }

    /// Looks at the group anew, again and again until it is seen.
    pub(crate) async fn look_until_seen(&self) {
        let mut failures = 0;
        while let Err(trouble) = self.look().await {
            self.group.seams.sleep(trouble.delay(&self.group.seams, failures)).await;
            failures = failures.saturating_add(1);
        }
    }

    /// Looks at the group anew.
    pub(crate) async fn look(&self) -> Result<(), Trouble> {
        let seen = Arc::new(self.group.look().await?);
        self.board.replace(|before| {
            let is_news = before
                .as_ref()
                .is_none_or(|before| before.at.store != seen.at.store || before.at.index <= seen.at.index);
            is_news.then_some(Some(seen))
        });
        Ok(())
    }
}

impl Pass {
    /// The key has passed to another member: the run is to end.
    pub(crate) fn lost(&self) -> &Signal {
        &self.running.lost
    }

    /// The standing it commits under, and the condition that the map is still the one of it. None: the key is lost.
    pub(crate) fn fence(&self) -> Option<(Arc<Standing>, Check)> {
        let standing = self.share.standing();
        let version = standing.version()?;
        (!self.running.lost.is_raised()).then(|| (standing, self.share.group.unmoved(version)))
    }

    /// A commit under this standing was refused. Ends once it is known that the map has changed and how that leaves the key: true when it is still this member's.
    /// False when the map is as it was, so that it is the lease that is over.
    pub(crate) async fn outlives(&self, standing: &Arc<Standing>) -> bool {
        self.share.look_until_seen().await;
        let is_another = self.share.seen().is_some_and(|seen| Some(seen.map.version) != standing.version());
        if !is_another && Arc::ptr_eq(standing, &self.share.standing()) {
            return false;
        }
        self.share.moved(standing).await;
        !self.running.lost.is_raised()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.share.runs.lock().running.remove(&self.id);
        self.running.over.raise();
    }
}
