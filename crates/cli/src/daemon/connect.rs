//! From the settings to a backend that answers.

use std::path::Path;

use tokio::sync::oneshot;
use trimtab::backend::AnyBackend;
use trimtab::consul::{self, ConsulBuilder};
use trimtab::etcd::{self, EtcdBuilder};
use trimtab::seams::Seams;
use trimtab::store::{Memory, OpenError};
use trimtab::{Consul, Embedded, Etcd};

use super::in_settings::in_settings;
use crate::config::{Config, ConsulStore, Credentials, EtcdStore, Level, StoreUrl};

/// Why there is no store yet, for people.
#[derive(Debug)]
pub(super) enum Failed {
    /// It may mend without a restart.
    Later(String),
    /// Somebody must change something here first.
    Final(String),
}

pub(super) async fn connect(config: &Config, seams: &Seams) -> Result<AnyBackend, Failed> {
    match &config.store {
        StoreUrl::Memory => Ok(AnyBackend::new(Memory::with_seams(seams))),
        StoreUrl::Embedded(path) => {
            embedded(path, config.history, seams).await.map(AnyBackend::new).map_err(Failed::Final)
        }
        StoreUrl::Etcd(store) => {
            let connected = etcd(store, credentials(&config.store)?, seams).connect().await;
            connected.map(AnyBackend::new).map_err(|error| Failed::of_etcd(&error))
        }
        StoreUrl::Consul(store) => {
            let connected = consul(store, credentials(&config.store)?, seams).connect().await;
            connected.map(AnyBackend::new).map_err(|error| Failed::of_consul(&error))
        }
    }
}

impl Failed {
    fn of_etcd(error: &etcd::ConnectError) -> Self {
        Self::of(error.is_retryable(), in_settings(&error.to_string()))
    }

    fn of_consul(error: &consul::ConnectError) -> Self {
        Self::of(error.is_retryable(), in_settings(&error.to_string()))
    }

    /// Of a store whose backend answers. Rights may be given later, and what is broken may be another store by then; only a rule stays broken.
    pub(super) fn of_open(error: &OpenError) -> Self {
        Self::of(matches!(error, OpenError::Follow(_)), error.to_string())
    }

    fn of(is_retryable: bool, what: String) -> Self {
        if is_retryable { Self::Later(what) } else { Self::Final(what) }
    }
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
fn credentials(store: &StoreUrl) -> Result<Credentials, Failed> {
    let (credentials, flaws) = Credentials::read(store);
    match flaws.into_iter().find(|flaw| flaw.level == Level::Error) {
        None => Ok(credentials),
        // They were good at the start; somebody is about to replace them.
        Some(flaw) => Err(Failed::Later(format!("{}: {}", flaw.field, flaw.what))),
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
