//! One group: judged, written, synced, then applied, told and answered - in this order, so that nobody sees what a crash can take back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;
use trimtab_backend::{Commit, CommitError, Pending, Transaction};

use super::Request;
use crate::core::Core;
use crate::writer::NotWritten;

type Answer = oneshot::Sender<Result<Commit, CommitError>>;

/// The ticket of a transaction that was in flight when a sync failed.
#[derive(Debug)]
pub(crate) struct InFlight;

pub(crate) fn unknown() -> CommitError {
    CommitError::Unknown(Pending::new(InFlight))
}

/// A transaction of the group, with the answer that it gets if the group is written.
struct Judged {
    answer: Answer,
    verdict: Result<Commit, CommitError>,
}

impl Core {
    /// Writes the next group. False: nothing waited, and the caller leads no longer.
    pub(crate) fn write_next_group(&self) -> bool {
        let Some(requests) = self.queue().take() else { return false };
        // A panic must not keep those who wait from an answer: theirs is dropped, which they read as unknown, and nothing is written any more.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.serve(requests))) {
            self.break_down(format!("writing a group panicked: {}", crate::disk::text_of(&*panic)));
        }
        true
    }

    fn serve(&self, requests: Vec<Request>) {
        let mut group = Vec::with_capacity(requests.len());
        for request in requests {
            match request {
                Request::Commit { transaction, answer } => group.push((transaction, answer)),
                Request::Close { answer } => {
                    self.write_group(std::mem::take(&mut group));
                    self.shut();
                    _ = answer.send(());
                }
            }
        }
        self.write_group(group);
    }

    fn write_group(&self, group: Vec<(Transaction, Answer)>) {
        if group.is_empty() {
            return;
        }
        let mut writer = self.writer();
        if let Err(refused) = writer.ready(self) {
            drop(writer);
            for (_, answer) in group {
                _ = answer.send(Err(refused.clone()));
            }
            return;
        }
        let mut staged = self.records().begin();
        let judge = |(transaction, answer)| Judged {
            verdict: self.records().stage(&mut staged, transaction),
            answer,
        };
        let judged: Vec<_> = group.into_iter().map(judge).collect();
        if !staged.is_empty() {
            let written = writer.append(self, &staged, self.trimmable());
            drop(writer);
            match written {
                Ok(bytes) => {
                    self.records().publish(staged);
                    self.checkpoints().logged(bytes);
                }
                Err(error) => return refuse(judged, &error),
            }
        }
        for Judged { answer, verdict } in judged {
            _ = answer.send(verdict);
        }
    }
}

/// Answers a group that was not written. Those that would have written nothing were judged on what never came to be, so they share its fate,
/// but for them nothing is open.
fn refuse(judged: Vec<Judged>, error: &NotWritten) {
    for Judged { answer, verdict } in judged {
        let writes = verdict.is_ok_and(|commit| commit.is_committed());
        _ = answer.send(Err(match error {
            NotWritten::Perhaps(_) if writes => unknown(),
            NotWritten::Certainly(error) | NotWritten::Perhaps(error) => error.clone(),
        }));
    }
}
