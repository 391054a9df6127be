//! What becomes of a key when its run has ended: classify, count, tell, and only then let go of the key.

use std::sync::Arc;
use std::time::Duration;

use trimtab_backend::Index;
use trimtab_queue::Outcome;

use super::any_queue::Taken;
use super::core::Core;
use super::damping::{self, BURST};
use super::reconciled::{Ended, Reconciled};
use super::term::Term;
use super::troubles::Trouble;
use super::unknown;
use super::worker::Ran;
use crate::cause::WhatHappened;
use crate::context::{Context, Finished, Refusal};
use crate::{Error, Reaction};

/// A run that has ended.
pub(super) struct Run<'a> {
    pub(super) core: &'a Arc<Core>,
    pub(super) term: &'a Arc<Term>,
    pub(super) number: usize,
    pub(super) took: Option<Duration>,
}

/// The run went over its deadline.
#[derive(Debug, thiserror::Error)]
#[error("timed out after {0:?}; raise it with `with_deadline`, or do less in one run")]
struct TimedOut(Duration);

/// What the key gets.
enum Verdict {
    Done,
    After(Duration),
    /// At once, damped when it repeats.
    Now,
    Conflict,
    Retry(Error),
    Terminal(Error),
    /// This process may not go on.
    Stop,
    Cancelled,
}

pub(super) fn settle(run: &Run<'_>, ctx: Context, ran: Ran) {
    // The pass is let go of at the end: whoever takes the key over waits for that.
    let Finished { claim, pass, index, era, commits, conflict, refusal, notes } = ctx.finish();
    let core = run.core;
    let (mut ended, verdict) = judge(core, ran);
    let verdict = match &refusal {
        None | Some(Refusal::Unknown(_)) => verdict,
        Some(Refusal::Fenced) => {
            ended = Ended::Fenced;
            let is_moved = pass.as_ref().is_some_and(|pass| pass.lost().is_raised());
            if is_moved { Verdict::Cancelled } else { Verdict::Stop }
        }
        Some(Refusal::Broken(what)) => {
            core.broke(what);
            Verdict::Stop
        }
    };
    let wrote = !commits.is_empty();
    if let Some(written) = commits.iter().max().copied() {
        let shown = core.store.position().map_or(Index::ZERO, |position| position.index);
        core.unseen.raise(&claim, written, shown, || shown);
        let taken = || run.term.taken(&core.store);
        core.echoes.wrote(&claim, (commits, index), claim.data().echoes, taken);
    }
    if matches!(verdict, Verdict::Done | Verdict::After(_) | Verdict::Now) {
        core.answered.raise(&claim, index, run.term.passed(), || run.term.taken(&core.store));
    }
    if core.era() != era {
        core.answered.remove(&claim);
        core.unseen.remove(&claim);
    }
    run.tell(&claim, ended, &verdict, index, &notes);
    if let Some(Refusal::Unknown(pending)) = refusal {
        core.troubles.note(&claim, Trouble::Unresolved);
        unknown::hold(core, run.term, claim, pending);
        return;
    }
    run.end(claim, verdict, conflict, wrote);
}

fn judge(core: &Core, ran: Ran) -> (Ended, Verdict) {
    let result = match ran {
        Ran::Returned(result) => result,
        Ran::Panicked(panicked) => return (Ended::Panicked, Verdict::Retry(Error::from(panicked))),
        Ran::TimedOut => {
            let deadline = core.settings().deadline.unwrap_or_default();
            return (Ended::TimedOut, Verdict::Retry(Error::from(TimedOut(deadline))));
        }
        Ran::Cancelled => return (Ended::Cancelled, Verdict::Cancelled),
    };
    let error = match result.map(crate::Action::requeue_delay) {
        Ok(None) => return (Ended::Done, Verdict::Done),
        Ok(Some(Duration::ZERO)) => return (Ended::Requeued, Verdict::Now),
        Ok(Some(delay)) => return (Ended::Requeued, Verdict::After(delay)),
        Err(error) => error,
    };
    match error.reaction() {
        // Whether to stop the door has told itself, when it was so.
        Reaction::Retry | Reaction::Stop => (Ended::Failed, Verdict::Retry(error)),
        Reaction::RetryAfter(delay) => {
            (Ended::Failed, Verdict::Retry(Error::from(crate::RetryAfter::new(delay, error.into_boxed()))))
        }
        Reaction::RequeueAfter(Duration::ZERO) => (Ended::Requeued, Verdict::Now),
        Reaction::RequeueAfter(delay) => (Ended::Requeued, Verdict::After(delay)),
        Reaction::Reread => (Ended::Conflict, Verdict::Conflict),
        Reaction::Terminal => (Ended::Terminal, Verdict::Terminal(error)),
    }
}

impl Run<'_> {
    /// Counts, logs, keeps, and calls the hooks.
    fn tell(&self, claim: &Taken, ended: Ended, verdict: &Verdict, index: Index, notes: &[String]) {
        let (core, settings) = (self.core, self.core.settings());
        let tally = core.tally(self.number);
        tally.ended(ended);
        if let Some(took) = self.took {
            tally.took(took);
        }
        let error = match verdict {
            Verdict::Retry(error) | Verdict::Terminal(error) => Some(error),
            _ => None,
        };
        let attempt = claim.failures().saturating_add(1);
        if let Some(error) = error {
            let (controller, request, ended) = (core.name(), &**claim, ended.as_str());
            let _inside = settings.span.enter();
            match error.find::<crate::task::Panicked>() {
                Some(panicked) => {
                    let backtrace = panicked.backtrace();
                    tracing::error!(%controller, %request, attempt, index = index.get(), error = %error.line(), backtrace, "the reconciler panicked");
                }
                None => {
                    tracing::warn!(%controller, %request, attempt, index = index.get(), error = %error.line(), ended, "a reconcile failed");
                }
            }
        }
        if settings.hooks.is_empty() && settings.history.is_none() {
            return;
        }
        let reconciled = Reconciled {
            request: claim,
            ended,
            error,
            attempt,
            reasons: claim.data().reasons(),
            index,
            took: self.took.unwrap_or_default(),
            notes,
        };
        if let Some(history) = &settings.history {
            history.keep(&reconciled, core.seams.wall());
        }
        for hook in &settings.hooks {
            if let Err(panicked) = crate::task::call(|| hook(&reconciled)) {
                tracing::error!(controller = %core.name(), error = %panicked, backtrace = panicked.backtrace(), "a hook panicked");
            }
        }
    }

    /// Lets go of the key.
    fn end(&self, mut claim: Taken, verdict: Verdict, conflict: Option<Index>, wrote: bool) {
        let (core, settings) = (self.core, self.core.settings());
        // What holds it back goes on, or has just been found out.
        let echoes = wrote && u32::from(claim.data().echoes) > BURST;
        let goes_on = echoes || matches!(verdict, Verdict::Now | Verdict::Conflict);
        if !goes_on {
            core.troubles.over(&claim);
        }
        let outcome = match verdict {
            Verdict::Done => match self.resync(&claim) {
                Some(period) => Outcome::After(period),
                None => Outcome::Done,
            },
            Verdict::After(delay) => {
                Outcome::After(self.resync(&claim).map_or(delay, |period| period.min(delay)))
            }
            Verdict::Now => {
                let row = claim.data().spins.saturating_add(1);
                if claim.failures() > 0 {
                    core.queue().forget(&claim);
                }
                let delay = damping::delay(&*settings.damper, &core.seams, &claim, row.into());
                self.damped(&claim, Trouble::Hot(row.into()), row, delay);
                let cause = claim.data_mut();
                cause.spins = row;
                cause.again(WhatHappened::Requeued);
                Outcome::Again(delay)
            }
            Verdict::Conflict => {
                let row = claim.data().conflicts.saturating_add(1);
                let delay = damping::delay(&*settings.damper, &core.seams, &claim, row.into());
                self.damped(&claim, Trouble::Contended(row.into()), row, delay);
                let era = core.era();
                let cause = claim.data_mut();
                cause.conflicts = row;
                if let Some(found) = conflict.filter(|found| *found > cause.index) {
                    (cause.index, cause.era) = (found, era);
                }
                cause.again(WhatHappened::Conflict);
                Outcome::Again(delay)
            }
            Verdict::Retry(error) => {
                claim.data_mut().again(WhatHappened::Retried);
                Outcome::Retry(error.into_boxed())
            }
            Verdict::Terminal(error) => Outcome::Failed(error.into_boxed()),
            Verdict::Stop => {
                if let Some(tenure) = &self.term.tenure {
                    tenure.lost.raise();
                }
                Outcome::Again(Duration::ZERO)
            }
            Verdict::Cancelled => Outcome::Again(Duration::ZERO),
        };
        claim.finish(outcome);
    }

    fn damped(&self, claim: &Taken, trouble: Trouble, row: u8, delay: Duration) {
        if delay.is_zero() {
            return;
        }
        self.core.tally(self.number).damped();
        if self.core.troubles.note(claim, trouble) || u32::from(row) == BURST + 1 {
            let (controller, request) = (self.core.name(), &**claim);
            tracing::warn!(%controller, %request, row, ?delay, "held back: it keeps asking to run at once");
        }
    }

    /// When the forced resync is due: after the period minus up to a fifth (behaviour C18). Not for a key whose entry is gone.
    fn resync(&self, claim: &Taken) -> Option<Duration> {
        let period = self.core.settings().resync?;
        let gone = matches!(self.core.store.snapshot().entry(claim), Ok(None));
        (!gone).then(|| period.saturating_sub(self.core.seams.random_below(period / 5)))
    }
}
