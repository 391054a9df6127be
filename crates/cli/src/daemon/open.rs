//! Opening the store that the file names.

use std::path::Path;
use std::time::Duration;

use tokio::sync::oneshot;
use trimtab::backend::AnyBackend;
use trimtab::consul::ConsulBuilder;
use trimtab::etcd::EtcdBuilder;
use trimtab::seams::Seams;
use trimtab::store::{Memory, Store};
use trimtab::{Consul, Embedded, Etcd};

use crate::config::{Config, ConsulStore, Credentials, EtcdStore, Level, StoreUrl};
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
        StoreUrl::Etcd(store) => {
            let connected = etcd(store, credentials(&config.store)?, seams).connect().await;
            AnyBackend::new(connected.map_err(|error| error.to_string())?)
        }
        StoreUrl::Consul(store) => {
            let connected = consul(store, credentials(&config.store)?, seams).connect().await;
            AnyBackend::new(connected.map_err(|error| error.to_string())?)
        }
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

/// What the files hold that the settings name.
fn credentials(config: &StoreUrl) -> Result<Credentials, String> {
    let (credentials, flaws) = Credentials::read(config);
    match flaws.into_iter().find(|flaw| flaw.level == Level::Error) {
        None => Ok(credentials),
        Some(flaw) => Err(format!("{}: {}", flaw.field, flaw.what)),
    }
}

fn etcd(store: &EtcdStore, credentials: Credentials, seams: &Seams) -> EtcdBuilder {
    let EtcdStore { servers, user } = store;
    let mut builder = Etcd::builder(servers.addresses()).prefix(&servers.prefix).seams(seams);
    if let Some(authority) = credentials.authority {
        builder = builder.ca_certificate(authority);
    }
    if let Some((certificate, key)) = credentials.own {
        builder = builder.client_certificate(certificate, key);
    }
    if let Some(name) = servers.tls.as_ref().and_then(|tls| tls.name.as_ref()) {
        builder = builder.server_name(name);
    }
    if let Some((user, password)) = user.as_ref().zip(credentials.password) {
        builder = builder.user(&user.name, password);
    }
    builder
}

fn consul(store: &ConsulStore, credentials: Credentials, seams: &Seams) -> ConsulBuilder {
    let ConsulStore { servers, datacenter, namespace, partition, .. } = store;
    let mut builder = Consul::builder(servers.addresses()).prefix(&servers.prefix).seams(seams);
    if let Some(authority) = credentials.authority {
        builder = builder.ca_certificate(authority);
    }
    if let Some((certificate, key)) = credentials.own {
        builder = builder.client_certificate(certificate, key);
    }
    if let Some(name) = servers.tls.as_ref().and_then(|tls| tls.name.as_ref()) {
        builder = builder.server_name(name);
    }
    if let Some(token) = credentials.token {
        builder = builder.token(token);
    }
    if let Some(name) = datacenter {
        builder = builder.datacenter(name);
    }
    if let Some(name) = namespace {
        builder = builder.namespace(name);
    }
    if let Some(name) = partition {
        builder = builder.partition(name);
    }
    builder
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
