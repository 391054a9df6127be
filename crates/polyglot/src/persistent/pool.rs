//! The workers of one program: started when they are needed, kept, never more than there may be.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use trimtab_seams::Seams;

use super::backoff::Backoff;
use super::worker::{Broke, Worker};
use crate::Program;
use crate::call::Asking;
use crate::process::{About, Groups, Stay};
use crate::protocol::{Answer, Body, Reply, parse};

/// The workers of a program. Clones share them; the last one ends them.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    program: Program,
    groups: Groups,
    places: Semaphore,
    idle: Mutex<Vec<Worker>>,
    backoff: Backoff,
}

impl Pool {
    /// At most so many processes.
    pub(crate) fn new(program: Program, workers: usize, groups: &Groups) -> Self {
        let (idle, backoff) = (Mutex::default(), Backoff::default());
        Self(Arc::new(Inner {
            program,
            groups: groups.clone(),
            places: Semaphore::new(workers.max(1)),
            idle,
            backoff,
        }))
    }

    pub(crate) async fn ask<T: Body>(&self, asking: Asking<'_>) -> Answer<T> {
        let Asking { seams, about, input, time, stay } = asking;
        let at_work = AtomicBool::new(false);
        let answered = tokio::select! {
            answered = self.answered(seams, &about, &input, stay.as_ref(), &at_work) => answered,
            // Dropping the work ends the worker that was at it: nobody knows what it would say to the next question.
            () = seams.sleep(time) => {
                if !at_work.load(Ordering::Relaxed) {
                    return self.no_worker(time);
                }
                self.0.backoff.broke(seams);
                Err(format!("took longer than {time:?} and was ended; raise `timeout`, or do less in one run"))
            }
        };
        match answered {
            Ok(reply) => reply.into_answer(),
            Err(words) => Answer::Failed(format!("the worker {words}")),
        }
    }

    /// Nobody was asked, so nothing of it is the entry's fault: it waits for its turn, and its own last error stays what is told of it.
    fn no_worker<T: Body>(&self, time: Duration) -> Answer<T> {
        let why = match self.0.backoff.until() {
            Some((_, failures)) => {
                format!(
                    "the last {failures} broke, at other entries perhaps, and the next is started after a pause"
                )
            }
            None => "all were at other entries; raise `workers`".into(),
        };
        let words = format!("no worker was free within {time:?}: {why}");
        Answer::NotYet { words, after: None, said: T::default() }
    }

    async fn answered<T: Body>(
        &self,
        seams: &Seams,
        about: &About<'_>,
        input: &[u8],
        stay: Option<&Stay>,
        at_work: &AtomicBool,
    ) -> Result<Reply<T>, String> {
        let inner = &*self.0;
        let _place = inner.places.acquire().await.map_err(|_| "is not there any more".to_owned())?;
        let key = about.key.map(ToString::to_string).unwrap_or_default();
        let mut again = true;
        let (reply, mut worker) = loop {
            let (mut worker, is_new) = self.worker(seams, about).await?;
            at_work.store(true, Ordering::Relaxed);
            worker.work_for(stay);
            let reply = match worker.ask(seams, &key, input).await {
                Ok(line) => parse::<Reply<T>>(&line)
                    .map_err(|malformed| format!("printed a line that {malformed}; it was ended")),
                // It may have ended before it was asked, unseen. Once: a question that ends workers must not end them all.
                Err(Broke::Gone(_)) if !is_new && again => {
                    again = false;
                    continue;
                }
                Err(Broke::Gone(words) | Broke::Wrong(words)) => Err(words),
            };
            break (reply, worker);
        };
        match reply {
            Ok(reply) => {
                inner.backoff.answered();
                worker.work_for(None);
                inner.idle.lock().push(worker);
                Ok(reply)
            }
            Err(words) => {
                inner.backoff.broke(seams);
                tracing::warn!(controller = about.controller, "the worker {words}; another one is started");
                worker.end();
                Err(words)
            }
        }
    }

    /// One that waits, or a new one; whether it is new.
    async fn worker(&self, seams: &Seams, about: &About<'_>) -> Result<(Worker, bool), String> {
        let inner = &*self.0;
        loop {
            let idle = inner.idle.lock().pop();
            let Some(mut worker) = idle else { break };
            match worker.unasked().await {
                None => return Ok((worker, false)),
                Some(what) => tracing::warn!(
                    controller = about.controller,
                    "an idle worker {what}; another one is started"
                ),
            }
        }
        if let Some((until, failures)) = inner.backoff.until()
            && seams.now() < until
        {
            tracing::debug!(controller = about.controller, failures, "workers broke; the next one waits");
            seams.sleep_until(until).await;
        }
        let variables = [("TRIMTAB_CONTROLLER", about.controller), ("TRIMTAB_KIND", about.kind)];
        let started = Worker::start(&inner.program, variables, seams, &inner.groups).map_err(|failed| {
            inner.backoff.broke(seams);
            failed.to_string()
        });
        started.map(|worker| (worker, true))
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("program", &self.0.program.path).finish_non_exhaustive()
    }
}
