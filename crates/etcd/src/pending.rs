//! Settling what became of a transaction whose answer was lost (contract U2).

use tokio::sync::Mutex;
use trimtab_backend::{CommitError, Invalid, Pending, Verdict, Why};

use crate::answer::{Answer, unavailable};
use crate::core::Core;
use crate::identity::Identity;
use crate::lanes::{Lane, Mark};
use crate::proto::{Compare, DeleteRangeRequest, KeyValue, RangeRequest, TxnRequest};

/// What [`Pending`] holds.
#[derive(Debug)]
pub(crate) struct Ticket {
    process: u128,
    identity: Identity,
    lane: Lane,
    trace: Trace,
    /// Held while it is being settled.
    settled: Mutex<Settled>,
}

/// What the transaction does to its lane when it commits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trace {
    Marks(Mark),
    Removes,
}

#[derive(Debug, Default)]
struct Settled {
    verdict: Option<Verdict>,
    /// An attempt to take the lane away was sent and not answered: it may have been the one that removed it.
    attempted: bool,
}

impl Ticket {
    /// The error that a commit answers whose own answer was lost.
    pub(crate) fn unknown(core: &Core, identity: Identity, lane: Lane, trace: Trace) -> CommitError {
        let (process, settled) = (core.lanes().process(), Mutex::default());
        CommitError::Unknown(Pending::new(Self { process, identity, lane, trace, settled }))
    }

    /// Takes the lane away from the transaction; if that had it before, it has left its trace. Every call gives the same verdict.
    pub(crate) async fn resolve(&self, core: &Core) -> Result<Verdict, CommitError> {
        if self.process != core.lanes().process() {
            return Err(foreign());
        }
        let mut settled = self.settled.lock().await;
        if let Some(verdict) = settled.verdict {
            return Ok(verdict);
        }
        let verdict = self.take_away(core, &mut settled).await?;
        settled.verdict = Some(verdict);
        Ok(verdict)
    }

    async fn take_away(&self, core: &Core, settled: &mut Settled) -> Result<Verdict, CommitError> {
        // Removing it, rather than writing to it, is possible in a store without space too.
        let key = &self.lane.key;
        let request = TxnRequest {
            compare: vec![Compare::written_at(key.clone(), self.lane.version)],
            success: vec![DeleteRangeRequest { key: key.clone(), ..Default::default() }.into()],
            failure: vec![RangeRequest::of(key.clone()).into()],
        };
        let before = std::mem::replace(&mut settled.attempted, true);
        let response = match core.servers().write(request).await {
            Ok(response) => response,
            Err(answer) => {
                settled.attempted = before || matches!(answer, Answer::Open(_));
                return Err(not_settled(answer));
            }
        };
        settled.attempted = before;
        if response.succeeded {
            return Ok(Verdict::Never);
        }
        let head = response.revision();
        let lane = response.found().next().and_then(|mut found| found.pop());
        self.judge(core, before, head, lane)
    }

    /// The lane had moved already: by whom?
    fn judge(
        &self,
        core: &Core,
        attempted: bool,
        head: i64,
        lane: Option<KeyValue>,
    ) -> Result<Verdict, CommitError> {
        match (self.trace, lane) {
            (Trace::Marks(mark), Some(lane)) if mark.is_on(&lane) => {
                let at = lane.mod_revision;
                core.lanes().put_back(Lane { key: lane.key, version: at });
                Ok(Verdict::Committed(self.identity.position(at)))
            }
            // An earlier attempt did, for nobody else removes it.
            (Trace::Marks(_), None) => Ok(Verdict::Never),
            (Trace::Removes, None) if !attempted => Ok(Verdict::Committed(self.identity.position(head))),
            (Trace::Removes, None) => Err(Invalid::new(
                "pending",
                "can no longer be settled: the store is full, and an attempt to settle it was not answered; read the entries and decide again",
            )
            .into()),
            (_, Some(_)) => Err(CommitError::Broken {
                what: format!(
                    "`{}` was written by another; nobody but Trimtab may write below the prefix",
                    String::from_utf8_lossy(&self.lane.key)
                ),
            }),
        }
    }
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
