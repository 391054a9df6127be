//! Controllers whose keys are shared out among replicas.

mod history;
mod replica;

mod faults;
mod mapped;
mod members;
mod moving;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use trimtab_backend::Memory;
use trimtab_seams::{Instant, virtual_time};
use trimtab_store::{Index, Key, Kind, KindKey as _, Store};

use crate::world::{Faulty, SECOND, World};

pub(crate) const TTL: Duration = Duration::from_secs(10);
/// What a key may be without an owner after a replica has fallen silent.
pub(crate) const BOUND: Duration = Duration::from_secs(12);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) n: u32,
}

/// What was done, by whom, under which version of the map.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) n: u32,
    pub(crate) by: String,
    pub(crate) epoch: u64,
}

impl Kind for Job {
    const KIND: &'static str = "job";
    type Status = Done;
}

/// A run, from its first line to its end, however that came.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) key: Key,
    pub(crate) by: String,
    pub(crate) epoch: Index,
    pub(crate) from: Instant,
    pub(crate) to: Option<Instant>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Spans(Arc<Mutex<Vec<Span>>>);

impl Spans {
    pub(crate) fn all(&self) -> Vec<Span> {
        self.0.lock().clone()
    }

    pub(crate) fn since(&self, from: Instant) -> Vec<Span> {
        self.all().into_iter().filter(|span| span.from >= from).collect()
    }
}

/// A world whose store remembers everything.
pub(crate) fn world<T>(seed: u64, test: impl AsyncFnOnce(World) -> T) -> T {
    virtual_time::run(seed, async |seams| {
        let backend = Faulty::new(Memory::with_seams(&seams).with_full_history());
        let store = Store::builder(backend.clone()).seams(&seams).open().await.expect("memory opens");
        test(World { seams, backend, store }).await
    })
}

impl World {
    pub(crate) async fn put_jobs(&self, names: impl Iterator<Item = u32>, n: u32) {
        for name in names {
            self.store.commit(Job { n }.named(format!("job-{name}")).apply()).await.expect("memory commits");
        }
    }

    /// The jobs that are not done as they are asked for.
    pub(crate) fn undone(&self) -> Vec<String> {
        let jobs = self.store.list::<Job>().all().expect("readable");
        let undone = jobs.iter().filter(|job| job.status.n != job.spec.n);
        undone.map(|job| format!("{} {:?} {:?}", job.name(), job.spec, job.status)).collect()
    }

    pub(crate) async fn all_done_within(&self, time: Duration) {
        let until = self.seams.now() + time;
        while !self.undone().is_empty() {
            assert!(self.seams.now() < until, "{} undone: {:?}", self.undone().len(), self.undone().first());
            self.sleep(SECOND / 50).await;
        }
    }
}

pub(crate) fn job(name: u32) -> Key {
    Key::of::<Job>(&format!("job-{name}"))
}
