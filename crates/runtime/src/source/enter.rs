//! From requests to the queue.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use trimtab_backend::Index;
use trimtab_queue::{Add, Priority};

use super::follow::Seat;
use super::news::News;
use crate::Request;
use crate::cause::{Cause, Reason};
use crate::controller::Entering;

/// So many are compared with each other. More would take the square of it: a program may name a hundred thousand at once.
const FEW: usize = 16;

impl Seat {
    /// Moves the requests that one cause led to to what is to be queued, each once, leaving out those that it is no news for and those that have
    /// been answered.
    pub(super) fn enter(
        &self,
        requests: &mut Vec<Request>,
        adds: &mut Vec<Entering>,
        reason: &Reason,
        index: Index,
        priority: Priority,
        news: &News,
    ) {
        let (are_few, mut known) = (requests.len() <= FEW, BTreeSet::new());
        for at in 0..requests.len() {
            let request = requests[at].clone();
            let is_known =
                if are_few { requests[..at].contains(&request) } else { !known.insert(request.clone()) };
            if is_known {
                continue;
            }
            if !news.is_for_gained(&request) {
                if !news.is_for_all() {
                    continue;
                }
                if self.core.answered.get(&request).is_some_and(|answered| index <= answered) {
                    self.health.answered.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
            }
            adds.push(Add::now(request).carrying(Cause::of(reason.clone())).with_priority(priority));
        }
        requests.clear();
    }
}
