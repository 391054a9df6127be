//! What the handles of a store and its follower share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use trimtab_backend::{AnyBackend, Backend as _, FollowError, Invalid, KindName, Scope};
use trimtab_seams::Seams;
use trimtab_stream::{EventPublisher, TopicSpec};

use super::arrivals::Arrivals;
use super::census::Census;
use super::refusals::Refusals;
use super::signal::Signal;
use super::snapshot_events::SnapshotEvents;
use super::{EntryEvent, Following, Health, OpenError};
use crate::Entry;
use crate::query::{Followed, Stored, new_owner_index};
use crate::state::State;

/// What a spec must satisfy beside the limits.
pub(super) type Rule = Box<dyn Fn(&Entry) -> Result<(), Invalid> + Send + Sync>;

pub(super) struct Core {
    pub(super) rule: Option<Rule>,
    pub(super) backend: AnyBackend,
    pub(super) seams: Seams,
    pub(super) state: Arc<State<Stored>>,
    pub(super) publisher: EventPublisher<EntryEvent>,
    pub(super) arrivals: Arrivals,
    pub(super) refusals: Refusals,
    pub(super) census: Census,
    health: Mutex<(Following, u64)>,
    /// The backend has told of commits that lie outside of what is followed.
    tells_progress: AtomicBool,
    opened: Mutex<Option<Result<(), OpenError>>>,
    pub(super) opening: Signal,
    /// The follower is to end.
    pub(super) stop: Signal,
    /// The follower has ended.
    pub(super) ended: Signal,
}

impl Core {
    pub(super) fn new(
        backend: AnyBackend,
        seams: Seams,
        scope: Scope,
        kinds: Vec<KindName>,
        rule: Option<Rule>,
    ) -> Self {
        let state = State::new(Followed::new(scope, kinds));
        state.declare(new_owner_index());
        let of_snapshots = Arc::clone(&state);
        let publisher = EventPublisher::on_demand(&seams, move |topic| {
            let kind = KindName::new(topic.as_str());
            let state = Arc::clone(&of_snapshots);
            // Whatever is in view has a topic, even of a kind that another program should not have written: a commit is published whole.
            of_snapshots
                .about()
                .follows(&kind)
                .then(|| TopicSpec::new(topic, move |request| SnapshotEvents::take(&state, request)))
        });
        Self {
            rule,
            backend,
            seams,
            state,
            publisher,
            arrivals: Arrivals::default(),
            refusals: Refusals::default(),
            census: Census::default(),
            health: Mutex::new((Following::Reading, 0)),
            tells_progress: AtomicBool::new(false),
            opened: Mutex::default(),
            opening: Signal::default(),
            stop: Signal::default(),
            ended: Signal::default(),
        }
    }

    pub(super) fn health(&self) -> Health {
        let (following, resets) = self.health.lock().clone();
        let (entries, undecodable) = self.census.entries();
        let refusing = self.refusals.standing(self.seams.now());
        let trouble = self.backend.trouble();
        let position = self.state.position();
        let tells_progress = self.tells_progress.load(Ordering::Relaxed);
        Health { following, position, resets, entries, undecodable, tells_progress, refusing, trouble }
    }

    /// Something was told of the store, with or without changes.
    pub(super) fn told(&self, is_empty: bool) {
        if is_empty {
            self.tells_progress.store(true, Ordering::Relaxed);
        }
        self.refusals.heard(&self.seams);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.health.lock().0 == Following::Closed
    }

    pub(super) fn set_following(&self, following: Following) {
        self.health.lock().0 = following;
    }

    pub(super) fn count_reset(&self) {
        self.health.lock().1 += 1;
    }

    /// Tells `open` how the opening went. Only the first time counts.
    pub(super) fn set_opened(&self, opened: Result<(), OpenError>) {
        self.opened.lock().get_or_insert(opened);
        self.opening.set();
    }

    /// What the follower met last, if it is in trouble.
    pub(super) fn last_error(&self) -> Option<FollowError> {
        match &self.health.lock().0 {
            Following::Retrying { error, .. } => Some(error.clone()),
            _ => None,
        }
    }

    pub(super) fn opened(&self) -> Option<Result<(), OpenError>> {
        self.opened.lock().clone()
    }
}
