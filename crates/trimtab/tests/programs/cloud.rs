//! Somebody's cloud, for the programs that keep something outside of the store true.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::Arc;

use parking_lot::Mutex;
use trimtab::seams::Instant;

/// Buckets, and subscriptions that lapse unless they are renewed. A handle.
#[derive(Clone, Default)]
pub(crate) struct Cloud(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    buckets: BTreeSet<String>,
    renewed: BTreeMap<String, Instant>,
    failing: u32,
    silent: bool,
}

/// A call that failed before it did anything.
#[derive(Debug, thiserror::Error)]
#[error("the cloud is out of order")]
pub(crate) struct OutOfOrder;

impl Cloud {
    /// Makes the next calls fail.
    pub(crate) fn fail(&self, calls: u32) {
        self.0.lock().failing = calls;
    }

    /// Does what it is asked to, and never answers.
    pub(crate) fn fall_silent(&self, silent: bool) {
        self.0.lock().silent = silent;
    }

    pub(crate) async fn ensure_bucket(&self, id: &str) -> Result<String, OutOfOrder> {
        self.call(|state| state.buckets.insert(id.to_owned())).await?;
        Ok(format!("bucket-{id}"))
    }

    pub(crate) async fn delete_bucket(&self, id: &str) -> Result<(), OutOfOrder> {
        self.call(|state| state.buckets.remove(id)).await?;
        Ok(())
    }

    pub(crate) async fn renew(&self, database: &str, now: Instant) -> Result<(), OutOfOrder> {
        self.call(|state| state.renewed.insert(database.to_owned(), now)).await?;
        Ok(())
    }

    pub(crate) fn buckets(&self) -> usize {
        self.0.lock().buckets.len()
    }

    pub(crate) fn renewed(&self, database: &str) -> Option<Instant> {
        self.0.lock().renewed.get(database).copied()
    }

    async fn call<T>(&self, effect: impl FnOnce(&mut State) -> T) -> Result<T, OutOfOrder> {
        tokio::task::yield_now().await; // others go on meanwhile
        let (result, silent) = self.answer(effect);
        if silent {
            pending::<()>().await;
        }
        result
    }

    fn answer<T>(&self, effect: impl FnOnce(&mut State) -> T) -> (Result<T, OutOfOrder>, bool) {
        let mut state = self.0.lock();
        let result = match state.failing.checked_sub(1) {
            Some(left) => {
                state.failing = left;
                Err(OutOfOrder)
            }
            None => Ok(effect(&mut state)),
        };
        (result, state.silent)
    }
}
