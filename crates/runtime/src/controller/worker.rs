//! A worker: take a key, take a snapshot, run, say how it ended.
//!
//! The loop is boxed once, with the reconciler's type inside; a run allocates nothing of its own.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument, Span};
use trimtab_backend::Index;
use trimtab_queue::Outcome;
use trimtab_seams::{Instant, Timer};
use trimtab_store::Snapshot;

use super::any_queue::Taken;
use super::core::Core;
use super::damping;
use super::outcome::{Run, settle};
use super::term::Term;
use super::troubles::Trouble;
use crate::cause::WhatHappened;
use crate::context::Context;
use crate::shard::{Begun, Pass};
use crate::task::{First, Panicked, Signal, caught, either, race};
use crate::{Action, Reaction, Reconciler, Request, Result};

/// How long a run waits at most for its view to be new enough (behaviour C17).
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a key waits that another replica may still be at; sooner when that is known to be over.
const LATER: Duration = Duration::from_secs(1);

/// What a worker is started with.
pub(crate) struct Seat {
    pub(crate) core: Arc<Core>,
    pub(crate) term: Arc<Term>,
    pub(crate) number: usize,
}

/// How the author's future came to its end.
pub(crate) enum Ran {
    Returned(Result<Action>),
    Panicked(Panicked),
    TimedOut,
    Cancelled,
}

/// Works until the queue is shut down, or the term is over.
pub(crate) async fn work<R: Reconciler>(seat: Seat, reconciler: Arc<R>) {
    let Seat { core, term, number } = seat;
    let mut timer = core.settings().deadline.map(|_| core.seams.timer());
    let measured = core.settings().are_runs_measured();
    while let Some(claim) = next(&core, &term).await {
        if !term.may_begin(|| core.seams.now()) {
            claim.finish(Outcome::Again(Duration::ZERO));
            term.over.raised().await;
            return;
        }
        let Some(claim) = unless_echo(&core, claim, number) else { continue };
        // Before the snapshot is taken: what the key's former owner wrote is in any that is taken later.
        let Some((claim, pass)) = if_ours(&term, claim) else { continue };
        let era = core.era();
        let lost = pass.as_ref().map(Pass::lost);
        let Some((claim, snapshot)) = new_enough(&core, &term, lost, claim, number).await else { continue };
        let begun = measured.then(|| core.seams.now());
        if let Some(begun) = begun {
            core.tally(number).began(begun);
        }
        let request = Request::clone(&claim);
        let ctx = Context::of_run(&core, &term, era, snapshot, claim, pass);
        let span = span(&core, &ctx);
        let deadline = core.settings().deadline;
        // Called within the future, so that a panic before there is one to poll is caught too.
        let work = async { reconciler.reconcile(&ctx, request).await };
        let ran = if span.is_disabled() {
            run(&core, &term, ctx.lost(), (deadline, &mut timer), work).await
        } else {
            let ran = run(&core, &term, ctx.lost(), (deadline, &mut timer), work);
            let ran = ran.instrument(span.clone()).await;
            record(&span, &ran);
            ran
        };
        ctx.ended().await;
        let took = begun.map(|begun| core.seams.now() - begun);
        settle(&Run { core: &core, term: &term, number, took }, ctx, ran);
    }
}

async fn next(core: &Core, term: &Term) -> Option<Taken> {
    if term.tenure.is_none() {
        return core.queue().get().await;
    }
    match race(term.over.raised(), core.queue().get()).await {
        First::Left(()) => None,
        First::Right(claim) => claim,
    }
}

/// The claim with the pass to run it, when keys are shared out; none of another replica's key, nor yet of one that another may still be at.
fn if_ours(term: &Term, claim: Taken) -> Option<(Taken, Option<Pass>)> {
    let Some(share) = term.share() else { return Some((claim, None)) };
    match share.begin(&claim) {
        Begun::Yes(pass) => return Some((claim, Some(pass))),
        // It is queued anew when it may run.
        Begun::Later => claim.finish(Outcome::Again(LATER)),
        Begun::NotOurs => claim.finish(Outcome::Done),
    }
    None
}

/// Ends when a run is to end early.
async fn cut_short(term: &Term, lost: Option<&Signal>) {
    match lost {
        Some(lost) => either(term.cancel.raised(), lost.raised()).await,
        None => term.cancel.raised().await,
    }
}

/// Holds a key back whose own writes make it run over and over.
fn unless_echo(core: &Core, mut claim: Taken, number: usize) -> Option<Taken> {
    let echo = core.echoes.of(&claim, claim.data());
    let row = echo.as_ref().map_or(0, |echo| echo.row);
    claim.data_mut().echoes = row;
    let Some(echo) = echo.filter(|_| u32::from(row) > damping::BURST) else { return Some(claim) };
    let now = core.seams.now();
    let delay = match echo.until() {
        // More of what the last run wrote has come back meanwhile.
        Some(until) => until - now,
        None => damping::delay(&*core.settings().damper, &core.seams, &claim, row.into()),
    };
    if delay.is_zero() {
        return Some(claim);
    }
    if echo.until().is_none() {
        core.tally(number).damped();
    }
    core.echoes.hold(&claim, echo, now + delay);
    if core.troubles.note(&claim, Trouble::Echo(row.into())) {
        let (controller, request) = (core.name(), &*claim);
        tracing::warn!(%controller, %request, row, ?delay, "held back: its own writes make it run over and over");
    }
    claim.data_mut().news = false;
    claim.finish(Outcome::Again(delay));
    None
}

/// A snapshot that shows what the key's events and its own last write tell of. None: the run was put off.
async fn new_enough(
    core: &Arc<Core>,
    term: &Term,
    lost: Option<&Signal>,
    mut claim: Taken,
    number: usize,
) -> Option<(Taken, Snapshot)> {
    let demanded = |claim: &Taken| {
        let cause = claim.data();
        let of_cause = if cause.era == core.era() { cause.index } else { Index::ZERO };
        of_cause.max(core.unseen.get(claim).unwrap_or_default())
    };
    let snapshot = core.store.snapshot();
    if snapshot.index() >= demanded(&claim) {
        return Some((claim, snapshot));
    }
    drop(snapshot);
    core.look_for_reset();
    let index = demanded(&claim);
    core.troubles.note(&claim, Trouble::Waiting(index));
    let waited = race(core.at_least(index), core.seams.sleep(PATIENCE));
    let waited = race(cut_short(term, lost), waited).await;
    match waited {
        First::Right(First::Left(Ok(snapshot))) => {
            core.troubles.over(&claim);
            return Some((claim, snapshot));
        }
        // The view was read anew: what was demanded belongs to another past.
        First::Right(First::Left(Err(_))) => {
            core.look_for_reset();
            claim.data_mut().index = Index::ZERO;
            core.unseen.remove(&claim);
            core.troubles.over(&claim);
            return Some((claim, core.store.snapshot()));
        }
        First::Left(()) => {
            claim.finish(Outcome::Again(Duration::ZERO));
            return None;
        }
        First::Right(First::Right(())) => {}
    }
    let row = claim.data().waits;
    let cause = claim.data_mut();
    cause.waits = row.saturating_add(1);
    cause.again(WhatHappened::Waited);
    let delay = damping::backoff(&*core.settings().damper, &core.seams, &claim, row.into());
    let (controller, request) = (core.name(), &*claim);
    tracing::warn!(%controller, %request, index = index.get(), ?delay, "put off: the view does not show this index yet");
    core.tally(number).put_off();
    claim.finish(Outcome::Again(delay));
    None
}

/// The span of a run; costs nothing unless somebody listens below the default level.
fn span(core: &Core, ctx: &Context) -> Span {
    if !tracing::span_enabled!(tracing::Level::DEBUG) {
        return Span::none();
    }
    let request = ctx.request();
    tracing::debug_span!(
        parent: &core.settings().span,
        "reconcile",
        controller = %core.name(),
        kind = request.kind(),
        name = request.name(),
        tenancy = %request.tenancy(),
        attempt = ctx.attempt(),
        index = ctx.index().get(),
        reconcile = core.next_run(),
        reasons = ?ctx.reasons(),
        otel.status_code = tracing::field::Empty,
        otel.status_description = tracing::field::Empty,
    )
}

/// A run that failed makes its span one that failed, by the fields that the layers of OpenTelemetry look for.
fn record(span: &Span, ran: &Ran) {
    let failed = |what: &dyn tracing::Value| {
        span.record("otel.status_code", "ERROR").record("otel.status_description", what);
    };
    match ran {
        Ran::Returned(Ok(_)) | Ran::Cancelled => {}
        // Asking for another run is no failure.
        Ran::Returned(Err(error))
            if matches!(error.reaction(), Reaction::RequeueAfter(_) | Reaction::Reread) => {}
        Ran::Returned(Err(error)) => failed(&tracing::field::display(error)),
        Ran::Panicked(_) => failed(&"panicked"),
        Ran::TimedOut => failed(&"took longer than its deadline"),
    }
}

/// Runs the author's future to its end, its panic, its deadline, or until it is cut short, whichever comes first.
async fn run(
    core: &Core,
    term: &Term,
    lost: Option<&Signal>,
    (deadline, timer): (Option<Duration>, &mut Option<Box<dyn Timer>>),
    work: impl Future<Output = Result<Action>> + Send,
) -> Ran {
    let deadline = deadline.map_or(Instant::FAR_FUTURE, |deadline| core.seams.now() + deadline);
    if let Some(timer) = timer {
        timer.reset(deadline);
    }
    let late = poll_fn(|cx| match timer {
        Some(timer) => timer.poll_elapsed(cx),
        None => std::task::Poll::Pending,
    });
    match race(caught(work), race(cut_short(term, lost), late)).await {
        First::Left(Ok(result)) => Ran::Returned(result),
        First::Left(Err(panicked)) => Ran::Panicked(panicked),
        First::Right(First::Left(())) => Ran::Cancelled,
        First::Right(First::Right(())) => Ran::TimedOut,
    }
}
