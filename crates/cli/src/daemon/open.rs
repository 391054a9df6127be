//! Opening the store that the file names, for as long as that takes.
//!
//! A store on other machines may be started after the daemon, its rights given later, its certificate renewed. So what may mend is tried on and on, and meanwhile it is
//! said, in the log and by `/readyz`, what is in the way. What will not mend by itself ends the daemon.

use std::time::Duration;

use tokio::sync::oneshot;
use trimtab::backend::Backend as _;
use trimtab::seams::{Instant, Seams};
use trimtab::store::Store;

use super::Checked;
use super::api::{Door, Health};
use super::connect::{Failed, connect};
use crate::config::{Config, StoreUrl};

/// How often it is said that it is not open yet, and how long is waited before it is tried again.
const PATIENCE: Duration = Duration::from_secs(2);
/// A store that answers is read to the end, however long that takes.
const READING: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Opens the store; meanwhile the API tells how it stands. The error is for people: it will not mend by itself.
pub(super) async fn open(
    checked: &Checked,
    door: Option<&Door>,
    health: &Health,
    seams: &Seams,
) -> Result<Store, String> {
    health.set("store", vec!["is being opened".into()]);
    let (stop, stopped) = oneshot::channel::<()>();
    let opening = async {
        let store = opened(checked, door, health, seams).await;
        drop(stop);
        store
    };
    let serving = async {
        let Some(door) = door.cloned() else { return };
        match door.health_alone(&checked.config, health, seams).await {
            Ok(api) => door.serve(&api, seams, async { drop(stopped.await) }).await,
            Err(error) => tracing::error!(%error, "health cannot be told while the store is being opened"),
        }
    };
    tokio::join!(opening, serving).0
}

async fn opened(
    checked: &Checked,
    door: Option<&Door>,
    health: &Health,
    seams: &Seams,
) -> Result<Store, String> {
    let Checked { config, schemas } = checked;
    let begun = seams.now();
    let api = door.map(Door::url);
    let mut waiting = Waiting { shown: shown(config), api, health, seams, begun, reason: None };
    loop {
        let failed = match waiting.during(connect(config, seams), || None).await {
            Ok(backend) => {
                let builder = Store::builder(backend.clone()).seams(seams).rule(schemas.rule());
                match waiting.during(builder.patience(READING).open(), || backend.trouble()).await {
                    Ok(store) => {
                        waiting.is_open();
                        return Ok(store);
                    }
                    Err(error) => {
                        backend.close().await;
                        Failed::of_open(&error)
                    }
                }
            }
            Err(failed) => failed,
        };
        match failed {
            Failed::Final(what) => return Err(what),
            Failed::Later(what) => waiting.rest(what).await,
        }
    }
}

/// What is said while the store is not open.
struct Waiting<'a> {
    shown: String,
    /// Where health is told, until that has been said.
    api: Option<String>,
    health: &'a Health,
    seams: &'a Seams,
    begun: Instant,
    /// What was in the way last.
    reason: Option<String>,
}

impl Waiting<'_> {
    /// Does the work; says every now and then how it stands. `trouble` is what is in the way now, as far as is known.
    async fn during<T>(&mut self, work: impl Future<Output = T>, trouble: impl Fn() -> Option<String>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = self.seams.sleep(PATIENCE) => {
                    self.reason = trouble().or(self.reason.take());
                    self.say();
                }
            }
        }
    }

    /// Says what is in the way, and gives it time to go.
    async fn rest(&mut self, what: String) {
        self.reason = Some(what);
        self.say();
        self.seams.sleep(PATIENCE).await;
    }

    fn say(&mut self) {
        let Self { shown, seams, begun, .. } = self;
        let seconds = (seams.now() - *begun).as_secs();
        let Some(what) = &self.reason else {
            tracing::info!("opening the store, {shown}: {seconds} s so far");
            return;
        };
        self.health.set("store", vec![what.clone()]);
        tracing::warn!("the store {shown} is not open after {seconds} s, and is tried again: {what}");
        if let Some(api) = self.api.take() {
            tracing::info!("until it is, {api} tells health alone: /healthz and /readyz");
        }
    }

    fn is_open(&self) {
        self.health.set("store", Vec::new());
    }
}

/// The store in a few words: `embedded ./data`.
pub(super) fn shown(config: &Config) -> String {
    match &config.store {
        StoreUrl::Memory => "memory".into(),
        StoreUrl::Embedded(path) => match path.strip_prefix(&config.folder) {
            Ok(within) => format!("embedded ./{}", within.display()),
            Err(_) => format!("embedded {}", path.display()),
        },
        StoreUrl::Etcd(store) => format!("etcd://{}", store.servers),
        StoreUrl::Consul(store) => format!("consul://{}", store.servers),
    }
}
