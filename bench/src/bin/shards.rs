//! Which keys move when a replica joins a group or leaves it, beside the fewest that could: one in as many as there are replicas then.
//!
//! ```sh
//! cargo run --release --bin shards               # 2,000 keys; JSON lines
//! cargo run --release --bin shards -- 200
//! ```
//!
//! The whole way, over a store in memory: each replica has a store and a controller of its own, and a key has moved when another replica runs it. The one that leaves is the one
//! that has been there longest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use trimtab_backend::{Key, Memory};
use trimtab_runtime::{
    Action, Context, Controller, ControllerHandle, Placement, Reconciler, Request, Result, Source,
};
use trimtab_seams::{Instant, Seams};
use trimtab_store::{Draft, Store};

const MOST: usize = 4;

/// Who ran each key last and when, and how many runs there were.
#[derive(Clone, Default)]
struct Runs(Arc<Mutex<Ran>>);

#[derive(Clone, Default)]
struct Ran {
    last: HashMap<Key, (usize, Instant)>,
    runs: usize,
}

struct Notes(usize, Runs);

impl Reconciler for Notes {
    async fn reconcile(&self, ctx: &Context, request: Request) -> Result<Action> {
        let mut ran = self.1.0.lock().expect("a table");
        ran.last.insert(request, (self.0, ctx.now()));
        ran.runs += 1;
        Ok(Action::done())
    }
}

struct Replica {
    handle: ControllerHandle,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Replica {
    async fn join(memory: &Memory, seams: &Seams, number: usize, runs: &Runs) -> Self {
        let store = Store::open(memory.clone()).await.expect("it is in memory");
        let placement = Placement::sharded("sites").with_holder(format!("replica-{number}"));
        let controller = Controller::new(&store, Notes(number, runs.clone()))
            .subscribe(Source::kind("site"))
            .with_workers(8)
            .with_placement(placement);
        let handle = controller.handle();
        let (stop, stopped) = oneshot::channel::<()>();
        let (end, ended) = oneshot::channel();
        seams.spawn("replica", async move {
            controller.run(async move { drop(stopped.await) }).await.expect("a bench does not break it");
            _ = end.send(());
        });
        Self { handle, stop, ended }
    }

    async fn leave(self) {
        drop(self.stop);
        // Its store goes with its controller; to close it would close the memory of all.
        _ = self.ended.await;
    }

    /// Whether all members of a group of so many go by the same map, and this one has nothing left to do.
    fn is_settled(&self, members: usize) -> bool {
        let group = self.handle.status().shard;
        group.is_some_and(|group| group.settled && group.members.len() == members) && self.handle.is_settled()
    }
}

fn main() {
    let keys: usize = std::env::args().nth(1).map_or(2000, |text| text.parse().expect("a number of keys"));
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (memory, seams, runs) = (Memory::new(), Seams::tokio(), Runs::default());
        let store = Store::open(memory.clone()).await.expect("it is in memory");
        for n in 0..keys {
            let site = Draft::json("site", &format!("entry-{n}"), &serde_json::json!({ "n": n })).create();
            store.commit(site).await.expect("memory takes it");
        }
        let mut replicas = vec![Replica::join(&memory, &seams, 0, &runs).await];
        settled(&seams, &replicas, &runs, keys).await;
        for number in 1..MOST {
            let (before, begun) = (runs.0.lock().expect("a table").clone(), seams.now());
            replicas.push(Replica::join(&memory, &seams, number, &runs).await);
            settled(&seams, &replicas, &runs, keys).await;
            tell("joins", replicas.len(), keys, (&before, begun), &runs);
        }
        while replicas.len() > 1 {
            let (before, begun) = (runs.0.lock().expect("a table").clone(), seams.now());
            replicas.remove(0).leave().await;
            settled(&seams, &replicas, &runs, keys).await;
            tell("leaves", replicas.len() + 1, keys, (&before, begun), &runs);
        }
        replicas.remove(0).leave().await;
    });
}

async fn settled(seams: &Seams, replicas: &[Replica], runs: &Runs, keys: usize) {
    while !replicas.iter().all(|replica| replica.is_settled(replicas.len())) {
        seams.sleep(Duration::from_millis(1)).await;
    }
    // What is still to come after that would be a run that nobody asked for.
    seams.sleep(Duration::from_millis(200)).await;
    assert_eq!(runs.0.lock().expect("a table").last.len(), keys, "every key was run");
}

fn tell(what: &str, of: usize, keys: usize, (before, begun): (&Ran, Instant), runs: &Runs) {
    let ran = runs.0.lock().expect("a table");
    let moved: Vec<Duration> = ran
        .last
        .iter()
        .filter(|(key, (by, _))| before.last[*key].0 != *by)
        .map(|(_, (_, at))| *at - begun)
        .collect();
    let (share, ideal) = (moved.len() as f64 / keys as f64, 1.0 / of as f64);
    println!(
        r#"{{"peer": "trimtab", "case": "shards", "one": "{what}", "of": {of}, "keys": {keys}, "moved": {share:.3}, "ideal": {ideal:.3}, "over_ideal": {:.2}, "run_again_without_moving": {}, "last_moved_after_ms": {:.1}}}"#,
        share / ideal,
        ran.runs - before.runs - moved.len(),
        moved.iter().max().map_or(0.0, |last| last.as_secs_f64() * 1e3)
    );
}
