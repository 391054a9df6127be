//! A replica that can be frozen, cut off, killed and stopped.

use std::sync::Arc;
use std::time::Duration;

use trimtab_runtime::{Action, Controller, ControllerStatus, Placement, ShardStatus, Source, reconcile_with};
use trimtab_seams::Seams;
use trimtab_store::{Key, Store};

use super::{Done, Job, Span, Spans};
use crate::world::{Faulty, IceGate, IcySpawn, Running, World};

pub(crate) struct Replica {
    pub(crate) name: String,
    pub(crate) running: Running,
    pub(crate) backend: Faulty,
    pub(crate) store: Store,
    process: Arc<IceGate>,
    workers: Arc<IceGate>,
}

/// Does each job in a while, and notes when.
pub(crate) fn jobs(store: &Store, name: &str, spans: &Spans, takes: Duration) -> Controller {
    let state = (name.to_owned(), spans.clone(), takes);
    let reconciler = reconcile_with(state, async |(name, spans, takes), ctx, request| {
        let _span = Open::new(spans, &request, name, ctx);
        let Some(job) = ctx.get::<Job>(&request)? else { return Ok(Action::done()) };
        ctx.sleep(*takes / 2 + ctx.seams().random_below(*takes / 2)).await;
        let epoch = ctx.epoch().expect("under a map").get();
        ctx.commit(job.set_status(Done { n: job.spec.n, by: name.clone(), epoch })).await?;
        Ok(Action::done())
    });
    Controller::new(store, reconciler)
        .subscribe(Source::of::<Job>())
        .with_workers(8)
        .with_placement(Placement::sharded("jobs").with_holder(name))
}

impl Replica {
    pub(crate) async fn join(w: &World, name: &str, spans: &Spans, takes: Duration) -> Self {
        Self::running(w, name, |store| jobs(store, name, spans, takes)).await
    }

    pub(crate) async fn running(
        w: &World,
        name: &str,
        controller: impl FnOnce(&Store) -> Controller,
    ) -> Self {
        let (process, workers) = (Arc::new(IceGate::default()), Arc::new(IceGate::default()));
        let seams = w.seams.clone().with_spawn(IcySpawn::new(&w.seams, &process));
        let seams = seams.clone().with_spawn(IcySpawn::new(&seams, &workers).only("worker"));
        let backend = Faulty::new(w.backend.memory());
        let store = Store::builder(backend.clone()).seams(&seams).open().await.expect("memory opens");
        let running = Running::start(&seams, controller(&store));
        Self { name: name.into(), running, backend, store, process, workers }
    }

    /// Its process sleeps, or goes on.
    pub(crate) fn freeze(&self, frozen: bool) {
        self.process.set(frozen);
    }

    /// Its reconciles block their threads, while all else of it goes on; or they give way again.
    pub(crate) fn block(&self, blocked: bool) {
        self.workers.set(blocked);
    }

    pub(crate) fn status(&self) -> ControllerStatus {
        self.running.handle.status()
    }

    pub(crate) fn shard(&self) -> ShardStatus {
        self.status().shard.expect("a member")
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await.expect("within its drain");
        self.store.close().await;
    }
}

/// Notes the end when it is dropped.
struct Open<'a> {
    spans: &'a Spans,
    at: usize,
    seams: Seams,
}

impl<'a> Open<'a> {
    fn new(spans: &'a Spans, key: &Key, by: &str, ctx: &trimtab_runtime::Context) -> Self {
        let mut all = spans.0.lock();
        let epoch = ctx.epoch().expect("under a map");
        all.push(Span { key: key.clone(), by: by.into(), epoch, from: ctx.now(), to: None });
        Self { spans, at: all.len() - 1, seams: ctx.seams().clone() }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.spans.0.lock()[self.at].to = Some(self.seams.now());
    }
}
