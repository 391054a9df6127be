//! The store over backends that do what backends do: fail, lose answers, forget their history.

mod changes;
mod door;
mod ends;
mod faulty;
mod follow;
mod lookups;
mod model;
mod open;
mod outcomes;
mod own_writes;
mod past;
mod queries;
mod rehearsals;
mod resets;
mod scripted;
mod snapshots;
mod subscriptions;
mod undecodable;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use trimtab_backend::{Backend, Memory};
use trimtab_seams::Seams;
use trimtab_store::{Draft, Kind, Store};

/// A kind with a status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Site {
    port: u16,
    #[serde(default)]
    certificates: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct SiteStatus {
    serving: bool,
}

impl Kind for Site {
    const KIND: &'static str = "site";
    type Status = SiteStatus;
}

/// A kind without one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Certificate {}

impl Kind for Certificate {
    const KIND: &'static str = "certificate";
    type Status = ();
}

const SECOND: Duration = Duration::from_secs(1);

fn site(name: &str, port: u16) -> Draft {
    Site { port, certificates: Vec::new() }.named(name)
}

fn secured(name: &str, certificates: &[&str]) -> Draft {
    Site { port: 443, certificates: certificates.iter().map(ToString::to_string).collect() }.named(name)
}

async fn open(seams: &Seams, backend: impl Backend) -> Store {
    Store::builder(backend).seams(seams).open().await.expect("the backend answers")
}

async fn in_memory(seams: &Seams) -> Store {
    open(seams, Memory::with_seams(seams)).await
}

/// The port of a site as the store shows it now.
fn port(store: &Store, name: &str) -> Option<u16> {
    store.get::<Site>(name).expect("it can be read").map(|site| site.spec.port)
}
