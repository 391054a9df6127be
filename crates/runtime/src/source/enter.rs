//! From requests to the queue.

use std::sync::atomic::Ordering;

use trimtab_backend::Index;
use trimtab_queue::{Add, Priority};

use super::follow::Seat;
use crate::Request;
use crate::cause::{Cause, Reason};
use crate::controller::Entering;

impl Seat {
    /// Moves the requests that one cause led to to what is to be queued, each once, leaving out those that have been answered.
    pub(super) fn enter(
        &self,
        requests: &mut Vec<Request>,
        adds: &mut Vec<Entering>,
        reason: &Reason,
        index: Index,
        priority: Priority,
    ) {
        for at in 0..requests.len() {
            if requests[..at].contains(&requests[at]) {
                continue;
            }
            let request = requests[at].clone();
            if self.core.answered.get(&request).is_some_and(|answered| index <= answered) {
                self.health.answered.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            adds.push(Add::now(request).carrying(Cause::of(reason.clone())).with_priority(priority));
        }
        requests.clear();
    }
}
