//! From `run` to its end.

use std::sync::Arc;

use trimtab_queue::KeyState;

use super::builder::{Controller, Work};
use super::core::Core;
use super::error::RunError;
use super::history::History;
use super::settings::Settings;
use super::shared::keep_to_share;
use super::term::Term;
use super::worker::Seat;
use crate::lease_use::{Keeper, Tenure, caught_up};
use crate::source::{self, Body, Follows, Health};
use crate::task::{First, RaiseOnDrop, Signal, either, race, unless};

/// Stops everything at once when a `run` is dropped before its end. After the end it does nothing.
pub(crate) struct Abandoned(Arc<Core>);

impl Abandoned {
    pub(crate) fn guard(controller: &Controller) -> Self {
        Self(Arc::clone(&controller.core))
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Runs a controller; under the keeper of its manager's lease when one is given.
pub(crate) async fn run(
    controller: Controller,
    shutdown: impl Future<Output = ()> + Send,
    keeper: Option<Arc<Keeper>>,
) -> Result<(), RunError> {
    // Also when it does not begin: who waits for it is told.
    let _abandoned = Abandoned::guard(&controller);
    controller.check()?;
    let Controller {
        core,
        work,
        sources,
        workers,
        queue,
        deadline,
        resync,
        drain,
        drain_queue,
        timings,
        span,
        hooks,
        history,
        ..
    } = controller;
    let drain = drain.unwrap_or(Controller::DRAIN);
    let settings = Settings {
        deadline,
        resync,
        drain,
        drain_queue,
        timings,
        workers,
        span,
        hooks,
        history: History::of(history),
        damper: queue.new_limiter(),
    };
    let health: Vec<_> = sources.iter().map(|body| Arc::new(health_of(body))).collect();
    core.sources.lock().clone_from(&health);
    core.begin(queue.new_queue(&core.seams, timings), settings);
    core.triggers.open(&core);
    let keepers_stop = Arc::new(Signal::default());
    let _keepers_abandoned = RaiseOnDrop(Arc::clone(&keepers_stop));
    let keeper = keeper.or_else(|| {
        let lease = core.placement().lease()?;
        let keeper = Keeper::new(&core.store, &lease);
        keeper.start(&core.group, Arc::clone(&keepers_stop));
        Some(keeper)
    });
    core.set_keeper(keeper.clone());
    let set = Set { core: &core, work: &work, sources: &sources, health: &health };
    let terms = std::pin::pin!(set.terms(keeper.as_deref()));
    let ended = drive(&core, terms, shutdown).await;
    core.cancel();
    keepers_stop.raise();
    core.group.ended().await;
    core.set_term(None);
    match core.take_broken() {
        Some(broken) => Err(broken),
        None => ended,
    }
}

/// Drives the terms to their end: until the shutdown, then until the drain deadline, then to the end of what is cancelled.
async fn drive(
    core: &Arc<Core>,
    mut terms: std::pin::Pin<&mut (impl Future<Output = ()> + Send)>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), RunError> {
    // Ends by a shutdown, or by the store breaking.
    let stopped = race(race(shutdown, core.stop.raised()), terms.as_mut()).await;
    if matches!(stopped, First::Right(())) {
        return Ok(());
    }
    core.shut_down();
    if unless(core.seams.sleep(core.settings().drain), terms.as_mut()).await.is_some() {
        return Ok(());
    }
    let running = core.queue().keys().into_iter().filter(|key| key.state == KeyState::Running);
    let mut running: Vec<_> = running.map(|key| key.item).collect();
    running.sort();
    core.cancel();
    terms.await;
    Err(RunError::DrainDeadline { running })
}

fn health_of(body: &Body) -> Health {
    let follows = match &body.origin {
        source::Origin::Entries(request) => Follows::Topic(request.topic().clone()),
        source::Origin::Other(other) => other.follows(),
    };
    Health::new(body.title(), body.gate, follows)
}

/// What a term is made of.
struct Set<'a> {
    core: &'a Arc<Core>,
    work: &'a Work,
    sources: &'a [Arc<Body>],
    health: &'a [Arc<Health>],
}

impl Set<'_> {
    /// One term for all of the run, or one for each time the lease is held.
    async fn terms(&self, keeper: Option<&Keeper>) {
        let Some(keeper) = keeper else {
            return self.term(None).await;
        };
        let mut last = 0;
        while let Some((number, tenure)) = unless(self.core.stop.raised(), keeper.after(last)).await {
            last = number;
            self.term(Some(tenure)).await;
        }
    }

    async fn term(&self, tenure: Option<Arc<Tenure>>) {
        let core = self.core;
        let _at_work = tenure.as_ref().map(|tenure| tenure.work.join());
        if let Some(tenure) = &tenure {
            // What other holders' runs have answered is not what this one's must.
            core.answered.clear();
            let over = either(tenure.lost.raised(), core.stop.raised());
            let ready = async {
                match &tenure.share {
                    // It makes sure of its view before it runs what was another's.
                    Some(share) => share.joined().await,
                    None => caught_up(&core.store, tenure).await,
                }
            };
            if unless(over, ready).await.is_none() {
                return;
            }
        }
        let lost = tenure.clone();
        let term = Arc::new(Term::new(self.health.to_vec(), tenure));
        core.set_term(Some(Arc::clone(&term)));
        if core.stop.is_raised() {
            // Shut down while the term was being made: whoever raised it did not see it.
            term.intake.raise();
        }
        if let Some(share) = term.share() {
            keep_to_share(core, &term, share);
        }
        for (body, health) in self.sources.iter().zip(self.health) {
            let seat =
                source::Seat { core: Arc::clone(core), term: Arc::clone(&term), health: Arc::clone(health) };
            source::start(seat, body);
        }
        let watch = async {
            match &lost {
                Some(tenure) => tenure.lost.raised().await,
                None => std::future::pending().await,
            }
            term.lose();
        };
        match race(watch, self.work_through(&term)).await {
            First::Left(()) => term.group.ended().await,
            First::Right(()) => {}
        }
        core.set_term(None);
    }

    /// Waits for the first snapshots, then works until the queue or the term ends.
    async fn work_through(&self, term: &Arc<Term>) {
        let core = self.core;
        if unless(term.intake.raised(), term.gate.opened()).await.is_some() {
            core.synced.raise();
        }
        for number in 0..core.settings().workers {
            let seat = Seat { core: Arc::clone(core), term: Arc::clone(term), number };
            term.group.spawn(&core.seams, "worker", (self.work)(seat));
        }
        term.group.ended().await;
    }
}
