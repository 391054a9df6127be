//! A store in memory, two kinds, reconcilers that write down what they saw, and a controller run beside the test.

mod faulty;
mod ice;
mod log;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use trimtab_backend::Memory;
use trimtab_runtime::{Context, Controller, ControllerHandle, Request, RunError};
use trimtab_seams::{Instant, Seams, virtual_time};
use trimtab_store::{Kind, Store};

pub(crate) use faulty::{Faulty, NextCommit};
pub(crate) use ice::{IceGate, IcySpawn};
pub(crate) use log::{Line, logged};

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Site {
    pub(crate) port: u16,
    #[serde(default)]
    pub(crate) certificate: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SiteStatus {
    pub(crate) serving: Option<u16>,
}

impl Kind for Site {
    const KIND: &'static str = "site";
    type Status = SiteStatus;
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Certificate {
    pub(crate) serial: u32,
}

impl Kind for Certificate {
    const KIND: &'static str = "certificate";
    type Status = ();
}

pub(crate) fn site(port: u16) -> Site {
    Site { port, certificate: None }
}

/// A store over a backend whose answers can be bent.
pub(crate) struct World {
    pub(crate) seams: Seams,
    pub(crate) backend: Faulty,
    pub(crate) store: Store,
}

/// Runs a test in virtual time.
pub(crate) fn world<T>(seed: u64, test: impl AsyncFnOnce(World) -> T) -> T {
    virtual_time::run(seed, async |seams| test(World::open(&seams).await).await)
}

impl World {
    pub(crate) async fn open(seams: &Seams) -> Self {
        let backend = Faulty::new(Memory::with_seams(seams));
        let store = Store::builder(backend.clone()).seams(seams).open().await.expect("memory opens");
        Self { seams: seams.clone(), backend, store }
    }

    /// Another replica: a store of its own over the same backend.
    pub(crate) async fn replica(&self) -> Store {
        Store::builder(self.backend.clone()).seams(&self.seams).open().await.expect("memory opens")
    }

    pub(crate) async fn put(&self, name: &str, site: Site) {
        self.store.commit(site.named(name).apply()).await.expect("memory commits");
    }

    pub(crate) async fn delete(&self, name: &str) {
        let site = self.store.get::<Site>(name).expect("readable").expect("there");
        self.store.commit(site.delete()).await.expect("memory commits");
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        self.seams.sleep(duration).await;
    }

    pub(crate) fn start(&self, controller: Controller) -> Running {
        Running::start(&self.seams, controller)
    }
}

/// A controller that runs in a task of its own.
pub(crate) struct Running {
    pub(crate) handle: ControllerHandle,
    stop: Option<oneshot::Sender<()>>,
    ended: oneshot::Receiver<Result<(), RunError>>,
    seams: Seams,
}

impl Running {
    pub(crate) fn start(seams: &Seams, controller: Controller) -> Self {
        let handle = controller.handle();
        let (stop, stopped) = oneshot::channel();
        let (done, ended) = oneshot::channel();
        seams.spawn("controller under test", async move {
            let result = controller.run(async move { drop(stopped.await) }).await;
            drop(done.send(result));
        });
        Self { handle, stop: Some(stop), ended, seams: seams.clone() }
    }

    /// Waits until nothing is left to do.
    pub(crate) async fn settled(&self) {
        while !self.handle.is_settled() {
            self.seams.sleep(MS).await;
        }
    }

    /// Begins the shutdown.
    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Shuts it down and waits for its end.
    pub(crate) async fn stop(mut self) -> Result<(), RunError> {
        self.begin_stop();
        self.ended().await
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> Result<(), RunError> {
        (&mut self.ended).await.expect("run returned")
    }
}

/// What a reconciler saw, in order.
#[derive(Clone, Default)]
pub(crate) struct Diary(Arc<Mutex<Vec<Note>>>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Note {
    pub(crate) name: String,
    pub(crate) at: Instant,
    pub(crate) attempt: u32,
    pub(crate) index: u64,
    pub(crate) reasons: Vec<String>,
}

impl Diary {
    pub(crate) fn write(&self, ctx: &Context, request: &Request) {
        self.0.lock().push(Note {
            name: request.name().into(),
            at: ctx.now(),
            attempt: ctx.attempt(),
            index: ctx.index().get(),
            reasons: ctx.reasons().iter().map(ToString::to_string).collect(),
        });
    }

    pub(crate) fn all(&self) -> Vec<Note> {
        self.0.lock().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().iter().map(|note| note.name.clone()).collect()
    }

    pub(crate) fn of(&self, name: &str) -> Vec<Note> {
        self.all().into_iter().filter(|note| note.name == name).collect()
    }

    /// The pauses between runs.
    pub(crate) fn gaps(&self) -> Vec<Duration> {
        self.all().windows(2).map(|pair| pair[1].at - pair[0].at).collect()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }
}
