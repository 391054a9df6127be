//! Opening the store that the file names.

use std::path::Path;
use std::time::Duration;

use tokio::sync::oneshot;
use trimtab::Embedded;
use trimtab::backend::AnyBackend;
use trimtab::seams::Seams;
use trimtab::store::{Memory, Store};

use crate::config::{Config, StoreUrl};
use crate::documents::Schemas;

/// How often it is said that opening goes on.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens the store; says so every 2 s while it goes on. The error is for people.
pub(super) async fn open(config: &Config, schemas: &Schemas, seams: &Seams) -> Result<Store, String> {
    let begun = seams.now();
    let mut opening = std::pin::pin!(opened(config, schemas, seams));
    loop {
        tokio::select! {
            store = &mut opening => return store,
            () = seams.sleep(PATIENCE) => {
                let seconds = (seams.now() - begun).as_secs();
                tracing::info!("opening the store, {}: {seconds} s so far", shown(config));
            }
        }
    }
}

async fn opened(config: &Config, schemas: &Schemas, seams: &Seams) -> Result<Store, String> {
    let backend = match &config.store {
        StoreUrl::Memory => AnyBackend::new(Memory::with_seams(seams)),
        StoreUrl::Embedded(path) => AnyBackend::new(embedded(path, config.history, seams).await?),
    };
    Store::builder(backend).seams(seams).rule(schemas.rule()).open().await.map_err(|error| error.to_string())
}

/// Everything is read into memory, on a thread that may be blocked.
async fn embedded(path: &Path, history: u64, seams: &Seams) -> Result<Embedded, String> {
    let (answer, answered) = oneshot::channel();
    let builder = Embedded::builder(path).history(history).seams(seams);
    seams.spawn_blocking("open the store", move || drop(answer.send(builder.open())));
    let opened = answered.await.map_err(|_| "opening the store panicked".to_owned())?;
    opened.map_err(|error| format!("open the store: {error}"))
}

/// The store in a few words: `embedded ./data`.
pub(super) fn shown(config: &Config) -> String {
    match &config.store {
        StoreUrl::Memory => "memory".into(),
        StoreUrl::Embedded(path) => match path.strip_prefix(&config.folder) {
            Ok(within) => format!("embedded ./{}", within.display()),
            Err(_) => format!("embedded {}", path.display()),
        },
    }
}
