//! A source of every kind there is.
//!
//! Kinds are an open set, and a subscription is to one of them. So it subscribes to each kind that has entries, and looks for new ones when the
//! store has moved on, at most ten times a second: nothing wakes it while nothing is committed. The kinds of owners are followed before what they own is
//! looked at, so that no owner ends unseen between.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use trimtab_backend::{Index, KindName, Position};
use trimtab_queue::{Add, Priority};
use trimtab_seams::BoxFuture;
use trimtab_store::{Entry, EntryEvent, Store};
use trimtab_stream::{Message, SubscribeError, SubscribeRequest, Subscription};

use crate::Request;
use crate::cause::{Cause, Reason, WhatHappened};
use crate::shard::{Gained, Listed};
use crate::source::{Body, Follows, Other, Seat, gained};
use crate::task::{First, race};

const LOOK: Duration = Duration::from_millis(100);

pub(crate) struct EveryKind(Store);

impl EveryKind {
    pub(super) fn new(store: &Store) -> Self {
        Self(store.clone())
    }
}

impl Other for EveryKind {
    fn title(&self) -> String {
        "every kind".into()
    }

    fn probe(&self) -> Result<(), SubscribeError> {
        Ok(())
    }

    fn follows(&self) -> Follows {
        Follows::All
    }

    fn task(&self, seat: Seat, _: Arc<Body>) -> BoxFuture<'static, ()> {
        let listed = seat.listed();
        let store = self.0.clone();
        Box::pin(Following { store, seat, kinds: BTreeMap::new(), looked_at: None, listed }.run())
    }
}

struct Following {
    store: Store,
    seat: Seat,
    kinds: BTreeMap<KindName, Followed>,
    /// Every kind that had entries here is known.
    looked_at: Option<Position>,
    /// When keys are shared out among replicas.
    listed: Option<Listed>,
}

#[derive(Default)]
struct Followed {
    subscription: Option<Subscription<EntryEvent>>,
    /// Where to resume.
    seen: u64,
    /// Within a snapshot.
    snapshot: bool,
    /// Which is taken for what this replica has gained.
    gained: Option<Gained>,
}

impl Followed {
    /// Subscribes, unless it has.
    fn subscribe(&mut self, kind: &KindName, store: &Store) {
        if self.subscription.is_some() {
            return;
        }
        self.snapshot = self.seen == 0;
        match store.subscribe(SubscribeRequest::all(kind.as_str()).resume_at(self.seen)) {
            Ok(subscription) => self.subscription = Some(subscription),
            Err(error) => {
                tracing::warn!(%kind, %error, "the owner cascade cannot follow a kind; trying again");
            }
        }
    }
}

impl Following {
    async fn run(mut self) {
        loop {
            self.looked_at = self.store.position();
            self.look();
            self.take_until(self.looked_at).await;
        }
    }

    /// Subscribes to kinds that are new, and again to those whose subscription has ended.
    fn look(&mut self) {
        for kind in self.store.snapshot().kinds() {
            self.kinds.entry(kind).or_default();
        }
        for (kind, followed) in &mut self.kinds {
            followed.subscribe(kind, &self.store);
        }
        self.sync();
    }

    /// Takes events until it is time to look again: the store has moved on since, and a while has passed.
    async fn take_until(&mut self, looked_at: Option<Position>) {
        let (store, seams) = (self.store.clone(), self.seat.core.seams.clone());
        let time_to_look = async move {
            if let Some(Position { store: id, index }) = looked_at {
                // Whatever ends the wait, it is time to look.
                drop(store.at_least(Position { store: id, index: index.next() }).await);
            }
            seams.sleep(LOOK).await;
        };
        let mut time_to_look = std::pin::pin!(time_to_look);
        while self.kinds.values().all(|followed| followed.subscription.is_some()) {
            let mut listed = self.listed.take();
            let took = race(gained(listed.as_mut()), poll_fn(|cx| self.poll_take(cx)));
            let event = race(time_to_look.as_mut(), took).await;
            self.listed = listed;
            match event {
                First::Left(()) => return,
                First::Right(First::Left(gained)) => return self.take_again(&gained),
                First::Right(First::Right(())) => {}
            }
        }
        // One has ended: it is taken up again also when nothing more is committed.
        self.seat.core.seams.sleep(LOOK).await;
    }

    /// Takes all kinds anew, for what this replica has gained.
    fn take_again(&mut self, gained: &Gained) {
        for followed in self.kinds.values_mut() {
            *followed = Followed { gained: Some(gained.clone()), ..Followed::default() };
        }
        self.seat.note_listed(self.listed.as_ref());
    }

    /// Takes whatever there is from all subscriptions. Ready when something was taken.
    fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let published = self.store.publisher().index();
        let (mut adds, mut owners) = (Vec::new(), Vec::new());
        let mut took = false;
        for followed in self.kinds.values_mut() {
            let Some(subscription) = &mut followed.subscription else { continue };
            match subscription.poll_next(cx) {
                Poll::Pending => {}
                Poll::Ready(Ok(message)) => {
                    took = true;
                    match message {
                        Message::NewSnapshotToFollow => followed.snapshot = true,
                        Message::EndOfSnapshot(index) => {
                            followed.snapshot = false;
                            followed.gained = None;
                            followed.seen = index;
                        }
                        Message::Changes { index, events } => {
                            self.seat.health.events.fetch_add(events.len() as u64, Ordering::Relaxed);
                            for event in &*events {
                                let owned = event.new.iter().flat_map(Entry::owners);
                                owners.extend(owned.map(|owner| KindName::from(owner.kind.as_str())));
                                wake(event, followed.snapshot, &self.store, &mut adds);
                                if let Some(gained) = &followed.gained {
                                    adds.retain(|add| gained.holds(&add.item));
                                }
                            }
                            if !followed.snapshot {
                                followed.seen = index;
                            }
                        }
                    }
                }
                Poll::Ready(Err(closed)) => {
                    tracing::debug!(reason = %closed, "the owner cascade subscribes again");
                    if closed == trimtab_stream::Closed::TopicRefreshed {
                        self.seat.core.begin_era();
                        self.seat.health.forget_position();
                        followed.seen = 0;
                    }
                    followed.subscription = None;
                    took = true;
                }
            }
        }
        for kind in owners {
            if !self.kinds.contains_key(&kind) && self.store.follows(kind.clone()) {
                let followed = self.kinds.entry(kind.clone()).or_default();
                followed.subscribe(&kind, &self.store);
            }
        }
        if !adds.is_empty() {
            self.seat.core.push_all(&mut adds);
        }
        if took {
            self.sync();
            return Poll::Ready(());
        }
        // A kind that is new since the look may have events that nobody has taken.
        let known = self.looked_at.map_or(0, |position| position.index.get());
        self.seat.health.passed(published.min(known));
        Poll::Pending
    }

    fn sync(&self) {
        if self.kinds.values().all(|followed| !followed.snapshot) {
            self.seat.synced();
        }
    }
}

/// The keys that a change is of interest to: the entry itself when it is owned or being deleted, on its end what it owned and what owned it.
fn wake(event: &EntryEvent, snapshot: bool, store: &Store, adds: &mut Vec<crate::controller::Entering>) {
    let what = match (&event.new, snapshot) {
        (_, true) => WhatHappened::Found,
        (Some(_), false) => WhatHappened::Changed,
        (None, false) => WhatHappened::Deleted,
    };
    let priority = if snapshot { Priority::Low } else { Priority::Normal };
    let mut add = |request: Request| {
        let reason = Reason::of(
            what,
            Some(event.key.clone()),
            Some(event.index).filter(|index| *index != Index::ZERO),
        );
        adds.push(Add::now(request).carrying(Cause::of(reason)).with_priority(priority));
    };
    let of_interest = |entry: &Entry| !entry.owners().is_empty() || entry.is_deleting();
    if event.new.as_ref().is_some_and(of_interest) {
        add(event.key.clone());
    }
    let Some(old) = &event.old else { return };
    let ended = event.new.as_ref().is_none_or(|new| new.uid() != old.uid());
    if ended {
        let dependents = store.view().dependents(old.uid());
        dependents.flatten().for_each(|dependent| add(dependent.key().clone()));
    }
    // An owner that waits for its dependents, when one is gone or owned by others from now on.
    let owned_now = event.new.as_ref().map(Entry::owners).unwrap_or_default();
    for owner in old.owners() {
        if ended || !owned_now.contains(owner) {
            add(owner.key(old.tenancy()));
        }
    }
}
