//! Settling what became of a transaction whose answer was lost (contract U2).

use bytes::Bytes;
use tokio::sync::Mutex;
use trimtab_backend::{CommitError, Invalid, Pending, Verdict, Why};

use crate::answer::{Answer, unavailable};
use crate::core::Core;
use crate::identity::Identity;
use crate::lanes::{Lane, Mark};
use crate::proto::{Compare, DeleteRangeRequest, RangeRequest, TxnRequest, TxnResponse};

/// What [`Pending`] holds.
#[derive(Debug)]
pub(crate) struct Ticket {
    process: u128,
    identity: Identity,
    lane: Lane,
    trace: Trace,
    /// Held while it is being settled.
    verdict: Mutex<Option<Verdict>>,
}

/// What tells that the transaction committed.
#[derive(Clone, Debug)]
pub(crate) enum Trace {
    /// Its mark in its lane.
    Mark(Mark),
    /// That the lives have ended of which these, each a key and a revision, were to be deleted: what a store without space takes leaves no mark.
    Gone(Vec<(Bytes, i64)>),
}

impl Ticket {
    /// The error that a commit answers whose own answer was lost.
    pub(crate) fn unknown(core: &Core, identity: Identity, lane: Lane, trace: Trace) -> CommitError {
        let (process, verdict) = (core.lanes().process(), Mutex::default());
        CommitError::Unknown(Pending::new(Self { process, identity, lane, trace, verdict }))
    }

    /// Takes the lane away from the transaction; if that had it before, it has left its trace. Every call gives the same verdict.
    pub(crate) async fn resolve(&self, core: &Core) -> Result<Verdict, CommitError> {
        if self.process != core.lanes().process() {
            return Err(foreign());
        }
        let mut settled = self.verdict.lock().await;
        if let Some(verdict) = *settled {
            return Ok(verdict);
        }
        // Sent twice it does the same: it takes away one version of the lane, which was there once.
        let response = core.servers().repeatable(self.taking_away(core)).await.map_err(not_settled)?;
        let verdict = match &self.trace {
            Trace::Mark(mark) => self.marked(core, *mark, response)?,
            Trace::Gone(guards) => self.gone(guards, response),
        };
        *settled = Some(verdict);
        Ok(verdict)
    }

    /// Removing the lane, rather than writing to it, is possible in a store without space too.
    fn taking_away(&self, core: &Core) -> TxnRequest {
        let key = &self.lane.key;
        let remove = DeleteRangeRequest { key: key.clone(), ..Default::default() };
        let read: Vec<_> = match &self.trace {
            Trace::Mark(_) => {
                vec![RangeRequest::of(key.clone()).into(), RangeRequest::of(core.layout().floor()).into()]
            }
            Trace::Gone(guards) => {
                guards.iter().map(|(key, _)| RangeRequest::of(key.clone()).into()).collect()
            }
        };
        let compare = vec![Compare::written_at(key.clone(), self.lane.version)];
        TxnRequest { compare, success: [vec![remove.into()], read.clone()].concat(), failure: read }
    }

    fn marked(&self, core: &Core, mark: Mark, response: TxnResponse) -> Result<Verdict, CommitError> {
        if response.succeeded {
            return Ok(Verdict::Never);
        }
        let mut found = response.found().map(|mut found| found.pop());
        let (lane, floor) = (found.next().flatten(), found.next().flatten());
        match lane {
            // It may have been removed with the mark in it.
            None if floor.is_some_and(|floor| floor.mod_revision > self.lane.version) => Err(never_told()),
            // An earlier attempt took it away.
            None => Ok(Verdict::Never),
            // An older copy of the store was put back: what it had then is what it has.
            Some(lane) if lane.mod_revision < self.lane.version => Ok(Verdict::Never),
            Some(lane) if mark.is_on(&lane) => {
                let at = lane.mod_revision;
                core.lanes().put_back(Lane { key: lane.key, version: at });
                Ok(Verdict::Committed(self.identity.position(at)))
            }
            Some(lane) => Err(CommitError::Broken {
                what: format!(
                    "`{}` was written by another; nobody but Trimtab may write below the prefix",
                    String::from_utf8_lossy(&lane.key)
                ),
            }),
        }
    }

    /// The transaction deletes all of them or none. When all are gone another may have been as fast, which comes to the same. Where it
    /// committed is not told; it is at or before the position given.
    fn gone(&self, guards: &[(Bytes, i64)], response: TxnResponse) -> Verdict {
        let head = response.revision();
        let mut found = response.found().map(|mut found| found.pop());
        // In the life that was to end: who has only written it again since has deleted nothing.
        let mut lives = |at: i64| found.next().flatten().is_some_and(|found| found.create_revision <= at);
        let standing = guards.iter().filter(|(_, at)| lives(*at)).count();
        if standing == 0 && !guards.is_empty() {
            Verdict::Committed(self.identity.position(head))
        } else {
            Verdict::Never
        }
    }
}

fn never_told() -> CommitError {
    let what = "cannot be settled: its lane was removed after it had not moved for a week; read the entries and decide again";
    Invalid::new("pending", what).into()
}

/// What an attempt to settle answers that did not.
fn not_settled(answer: Answer) -> CommitError {
    match answer {
        Answer::Open(_) => unavailable(Why::Unreachable),
        other => other.into_commit_error(),
    }
}

pub(crate) fn foreign() -> CommitError {
    Invalid::new("pending", "was not made by this store").into()
}
