//! What is in the way at present, for people: errors say what they mean for the asker, and this where they came from.

use parking_lot::Mutex;

use crate::answer::Answer;
use crate::error::FULL;

/// What the last question met, and whether the last write met a full store.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    away: Option<String>,
    full: bool,
}

impl Trouble {
    pub(super) fn told(&self) -> Option<String> {
        let state = self.0.lock();
        state.away.clone().or_else(|| state.full.then(|| FULL.to_owned()))
    }

    pub(super) fn answered(&self) {
        let mut state = self.0.lock();
        if state.away.is_some() {
            state.away = None;
        }
    }

    /// A write was taken.
    pub(super) fn has_space(&self) {
        self.0.lock().full = false;
    }

    /// Nobody of those that were tried did what was asked. News are logged.
    pub(super) fn refused(&self, answer: &Answer, tried: &[String]) {
        let mut state = self.0.lock();
        state.full |= *answer == Answer::Full;
        let away = answer.trouble().map(|_| tried.join("; "));
        if let Some(what) = away.as_ref().filter(|_| state.away.is_none()) {
            tracing::warn!(what, "etcd does not answer");
        }
        state.away = away;
    }
}
