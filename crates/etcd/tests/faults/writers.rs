//! Writers of which each knows exactly what it has written, so that a wrong outcome shows at its next write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use trimtab_backend::{Backend, Commit, CommitError, Expect, Index, Verdict};
use trimtab_etcd::Etcd;
use trimtab_seams::Seams;

use crate::stores::{found, pause, put, settled};

/// What became of all writes together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) committed: AtomicU64,
    /// Answered as certainly not applied.
    pub(crate) refused: AtomicU64,
    /// Answered as unknown, and then settled either way.
    pub(crate) unknown_landed: AtomicU64,
    pub(crate) unknown_never: AtomicU64,
}

impl Tally {
    /// Whether fewer writes than this did not go well at once, or fewer of them than that were refused.
    pub(crate) fn fewer_faults_than(&self, faults: u64, of_them_refused: u64) -> bool {
        let [refused, landed, never] = [&self.refused, &self.unknown_landed, &self.unknown_never]
            .map(|count| count.load(Ordering::Relaxed));
        refused < of_them_refused || refused + landed + never < faults
    }
}

pub(crate) struct Writers {
    tasks: JoinSet<Vec<Index>>,
    stop: Arc<AtomicBool>,
    pub(crate) tally: Arc<Tally>,
    count: usize,
}

impl Writers {
    /// So many, each with an entry and a handle of its own. A writer writes its entry at the version of its own last write: if an outcome was told
    /// wrongly, one write conflicts and the writer fails.
    pub(crate) fn start(stores: &[Etcd], count: usize) -> Self {
        let (stop, tally) = (Arc::new(AtomicBool::new(false)), Arc::new(Tally::default()));
        let mut tasks = JoinSet::new();
        for writer in 0..count {
            let store = stores[writer % stores.len()].clone();
            tasks.spawn(write_on(store, name(writer), Arc::clone(&stop), Arc::clone(&tally)));
        }
        Self { tasks, stop, tally, count }
    }

    /// Ends them; checks that what they know is what the store holds. Gives every index that was acknowledged.
    pub(crate) async fn stop(self, store: &Etcd) -> Vec<Index> {
        self.stop.store(true, Ordering::Relaxed);
        let histories = self.tasks.join_all().await;
        assert_eq!(histories.len(), self.count);
        let mut ends: Vec<_> = histories.iter().filter_map(|history| history.last().copied()).collect();
        let mut stand = Vec::new();
        for writer in 0..self.count {
            stand.extend(found(store, &name(writer)).await.map(|record| record.version));
        }
        ends.sort_unstable();
        stand.sort_unstable();
        assert_eq!(ends, stand, "what the store holds is what was acknowledged last");
        histories.concat()
    }
}

fn name(writer: usize) -> String {
    format!("writer-{writer}")
}

async fn write_on(store: Etcd, name: String, stop: Arc<AtomicBool>, tally: Arc<Tally>) -> Vec<Index> {
    let mut history: Vec<Index> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let expect = history.last().map_or(Expect::Absent, |last| Expect::At(*last));
        let outcome = store.commit(put(&name, &history.len().to_string(), expect)).await;
        let counted = match outcome {
            Ok(Commit::Committed(at)) => {
                history.push(at.index);
                &tally.committed
            }
            Err(CommitError::Unknown(pending)) => match settled(&store, &pending).await {
                Verdict::Committed(at) => {
                    history.push(at.index);
                    &tally.unknown_landed
                }
                Verdict::Never => &tally.unknown_never,
            },
            Err(CommitError::Unavailable { .. }) => {
                pause(Duration::from_millis(5)).await;
                &tally.refused
            }
            other => panic!("{name} after {:?}: {other:?}", history.last()),
        };
        counted.fetch_add(1, Ordering::Relaxed);
    }
    history
}

/// Waits until so many more writes were acknowledged.
pub(crate) async fn after_commits(tally: &Tally, more: u64) {
    let seams = Seams::tokio();
    let (from, end) = (tally.committed.load(Ordering::Relaxed), seams.now() + Duration::from_secs(30));
    while tally.committed.load(Ordering::Relaxed) < from + more {
        assert!(seams.now() < end, "the writers stand still: {tally:?}");
        pause(Duration::from_millis(10)).await;
    }
}
