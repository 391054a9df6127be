//! The last runs of a controller, for those who ask why a key stands where it stands.
//!
//! One ring would be flooded by the many runs that succeed, and the one failure that somebody looks for be gone. So failed runs that fall out of the first ring
//! move to a second one of a quarter of its size. Both are bounded in number, and each run in size; without
//! [`with_history`](crate::Controller::with_history) there are none, and nothing is paid.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use trimtab_backend::Index;

use super::reconciled::{Ended, Reconciled};
use crate::Request;

/// Of an error, this many bytes are kept.
const ERROR_BYTES: usize = 4096;
/// Of a note, this many bytes are kept.
const NOTE_BYTES: usize = 1024;
/// Of the notes of a run, this many are kept.
const NOTES: usize = 16;

/// A run that ended, kept by [`Controller::with_history`](crate::Controller::with_history).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// The key.
    pub request: Request,
    /// When it began, by the time of day.
    pub began: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub ended: Ended,
    /// The error with what lies under it on one line, when there was one; at most 4 KiB of it.
    pub error: Option<String>,
    /// The attempt, from 1; counts on as long as the key fails.
    pub attempt: u32,
    /// Why it ran, at most eight: see [`Context::reasons`](crate::Context::reasons).
    pub reasons: Vec<String>,
    /// The index of the snapshot it read from.
    pub index: Index,
    /// What it noted by [`Context::note`](crate::Context::note): at most 16 notes, 1 KiB of each.
    pub notes: Vec<String>,
}

#[derive(Debug)]
pub(super) struct History {
    runs: usize,
    rings: Mutex<Rings>,
}

/// The newest at the back; what is in one is not in the other.
#[derive(Debug, Default)]
struct Rings {
    last: VecDeque<Run>,
    failed: VecDeque<Run>,
}

impl History {
    /// None for no runs.
    pub(super) fn of(runs: usize) -> Option<Self> {
        (runs > 0).then(|| Self { runs, rings: Mutex::default() })
    }

    pub(super) fn keep(&self, run: &Reconciled<'_>, now: SystemTime) {
        let run = Run {
            request: run.request.clone(),
            began: now.checked_sub(run.took).unwrap_or(now),
            took: run.took,
            ended: run.ended,
            error: run.error.map(|error| cut(&error.line(), ERROR_BYTES)),
            attempt: run.attempt,
            reasons: run.reasons.iter().map(ToString::to_string).collect(),
            index: run.index,
            notes: run.notes.iter().take(NOTES).map(|note| cut(note, NOTE_BYTES)).collect(),
        };
        let mut rings = self.rings.lock();
        rings.last.push_back(run);
        if rings.last.len() <= self.runs {
            return;
        }
        let oldest = rings.last.pop_front();
        let Some(oldest) = oldest.filter(|oldest| oldest.error.is_some()) else { return };
        rings.failed.push_back(oldest);
        if rings.failed.len() > self.runs / 4 {
            rings.failed.pop_front();
        }
    }

    /// The newest first, as many as are wanted.
    pub(super) fn runs(&self, wanted: impl Fn(&Run) -> bool, limit: usize) -> Vec<Run> {
        let rings = self.rings.lock();
        let all = rings.last.iter().rev().chain(rings.failed.iter().rev());
        all.filter(|run| wanted(run)).take(limit).cloned().collect()
    }
}

/// So much of a text as fits, and a sign where some is left out.
fn cut(text: &str, bytes: usize) -> String {
    const MORE: &str = "...";
    if text.len() <= bytes {
        return text.to_owned();
    }
    let room = bytes - MORE.len();
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}{MORE}", &text[..end])
}
