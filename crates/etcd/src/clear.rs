//! Removing the lanes of processes that are gone.
//!
//! Nobody can tell whether a process is dead. But a lane that has not moved for a week is most likely nobody's; and where it is somebody's after all, the
//! next transaction finds its guard missing and goes into another lane. Only of a transaction whose outcome is still open would nothing be left to tell it
//! by. So each removal moves the floor, and who asks later is told that it cannot be told: no verdict rests on the clocks by which the week is counted.
//!
//! Whoever opens the store does it. That is also when lanes are added, so a process that is started over and over clears up after itself.

use bytes::Bytes;
use serde_json::json;

use crate::answer::Answer;
use crate::core::Core;
use crate::lanes::{Mark, seconds};
use crate::proto::range_request::{SortOrder, SortTarget};
use crate::proto::{Compare, DeleteRangeRequest, KeyValue, PutRequest, RangeRequest, TxnRequest};

/// Seconds.
const WEEK: u64 = 7 * 24 * 60 * 60;
/// Lanes removed by one transaction.
const AT_ONCE: i64 = 100;
/// Transactions that opening a store is worth: the next to open it goes on.
const ROUNDS: usize = 10;

impl Core {
    /// Removes the lanes that have not moved for a week, those first that moved least lately.
    pub(crate) async fn clear(&self) -> Result<(), Answer> {
        let now = seconds(self.servers());
        for _ in 0..ROUNDS {
            let (key, range_end) = self.layout().lanes();
            let longest_unmoved = RangeRequest {
                limit: AT_ONCE,
                sort_order: SortOrder::Ascend.into(),
                sort_target: SortTarget::Mod.into(),
                ..RangeRequest::between(key, range_end)
            };
            let found = self.servers().range(longest_unmoved).await?;
            let floor = self.layout().floor();
            let is_old = |lane: &KeyValue| {
                lane.key != floor
                    && Mark::moved_at(&lane.value).is_some_and(|at| now.saturating_sub(at) >= WEEK)
            };
            let old: Vec<_> = found.kvs.into_iter().filter(is_old).collect();
            if old.is_empty() {
                break;
            }
            // Sent twice it conflicts with itself, which is as well.
            let removed = self.servers().repeatable(removing(&old, floor, now)).await?;
            tracing::debug!(
                lanes = old.len(),
                removed = removed.succeeded,
                "lanes that had not moved for a week"
            );
            // Else one of them has moved after all, or somebody else is clearing.
            if !(removed.succeeded && found.more) {
                break;
            }
        }
        Ok(())
    }
}

fn removing(old: &[KeyValue], floor: Bytes, now: u64) -> TxnRequest {
    let stands = |lane: &KeyValue| Compare::written_at(lane.key.clone(), lane.mod_revision);
    let remove = |lane: &KeyValue| DeleteRangeRequest { key: lane.key.clone(), ..Default::default() }.into();
    let moved = PutRequest { key: floor, value: json!({ "at": now }).to_string().into() };
    TxnRequest {
        compare: old.iter().map(stands).collect(),
        success: old.iter().map(remove).chain([moved.into()]).collect(),
        failure: Vec::new(),
    }
}
