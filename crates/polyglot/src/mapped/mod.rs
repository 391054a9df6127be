//! Changes whose meaning a program knows: it is given entries before and after, and answers whom they wake.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument as _;
use trimtab_backend::{Key, KindName, Tenancy};
use trimtab_queue::RateLimiter;
use trimtab_runtime::{Error as Failure, RequeueAfter, Result, Source, Told};
use trimtab_seams::Seams;
use trimtab_store::Change;

use crate::call::{Asking, Call};
use crate::process::{About, Groups};
use crate::protocol::{Answer, Question, Requests, Woken};
use crate::{Carrier, Error, Settings};

/// So many changes at most are asked about at once.
const MOST: usize = 100;

/// A watched kind with a program that maps its changes. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Mapped(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    controller: String,
    /// The kind of the requests.
    own: KindName,
    watched: KindName,
    call: Call,
    time: Duration,
    /// For "not yet" without a time.
    limiter: RateLimiter<()>,
}

/// The program said "not yet", in these words.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
struct PutOff {
    words: String,
    source: RequeueAfter,
}

impl Mapped {
    pub(crate) fn new(
        settings: &Settings,
        watched: KindName,
        carrier: &Carrier,
        time: Duration,
        groups: &Groups,
    ) -> std::result::Result<Self, Error> {
        let (first, most) = settings.backoff;
        Ok(Self(Arc::new(Inner {
            controller: settings.name.clone(),
            own: settings.kind.as_str().into(),
            watched,
            // One question at a time.
            call: Call::new(carrier, 1, groups)?,
            time,
            limiter: RateLimiter::new(first, most)?,
        })))
    }

    /// The changes of the watched kind, as this program maps them.
    pub(crate) fn source(&self, seams: &Seams) -> Source<Told> {
        let (mapped, seams) = (self.clone(), seams.clone());
        Source::kind(self.0.watched.as_str()).map_batches(MOST, move |changes: Vec<Change>| {
            let (mapped, seams) = (mapped.clone(), seams.clone());
            async move {
                // At the level of errors, so that it is there however little is logged.
                let span =
                    tracing::error_span!("map", controller = %mapped.0.controller, kind = %mapped.0.watched);
                mapped.0.ask_all(&seams, &changes).instrument(span).await
            }
        })
    }
}

impl Inner {
    /// In as many questions as it takes for none to be too long.
    async fn ask_all(&self, seams: &Seams, changes: &[Change]) -> Result<Vec<Key>> {
        let mut woken = Vec::new();
        for question in Question::of(&self.controller, self.watched.as_str(), changes)? {
            let Requests { requests } = self.ask(seams, changes, &question).await?;
            let tenancy = changes[0].tenancy();
            for (at, target) in requests.into_iter().enumerate() {
                let key = self.key(tenancy, target);
                key.validate().map_err(|invalid| format!("requests[{at}]: {invalid}"))?;
                woken.push(key);
            }
        }
        Ok(woken)
    }

    async fn ask(&self, seams: &Seams, changes: &[Change], question: &Question<'_>) -> Result<Requests> {
        let key = if let [only] = changes { Some(only.key()) } else { None };
        let about = About { controller: &self.controller, kind: self.watched.as_str(), key };
        let asking = Asking { seams, about, input: question.to_line()?, time: self.time, stay: None };
        let answer = self.call.ask::<Requests>(asking).await;
        if !matches!(answer, Answer::NotYet { .. }) {
            self.limiter.forget(&());
        }
        match answer {
            Answer::Success(requests) => Ok(requests),
            Answer::NotYet { words, after, .. } => {
                let delay = after.unwrap_or_else(|| self.limiter.next_retry(&()));
                Err(PutOff { words, source: RequeueAfter(delay) }.into())
            }
            Answer::Terminal { words, .. } => Err(Failure::terminal(words)),
            Answer::Failed(words) => Err(words.into()),
        }
    }

    fn key(&self, tenancy: &Tenancy, target: Woken) -> Key {
        let Woken { name, namespace, partition } = target;
        let tenancy = Tenancy::new(
            partition.as_deref().unwrap_or(tenancy.partition()),
            namespace.as_deref().unwrap_or(tenancy.namespace()),
        );
        Key::within(self.own.clone(), tenancy, &name)
    }
}
