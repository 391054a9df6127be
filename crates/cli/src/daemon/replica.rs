//! This replica among others on the same store.

use std::time::Duration;

use trimtab::runtime::{self, Roster};
use trimtab::seams::Seams;
use trimtab::store::Store;

use super::api::Door;
use crate::config::Config;

/// What it is called, and how long it is waited for when it has fallen silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replica {
    pub(super) name: String,
    pub(super) lease: Duration,
}

impl Replica {
    pub(super) fn of(config: &Config, seams: &Seams) -> Self {
        let name = config.cluster.name.clone();
        Self { name: name.unwrap_or_else(|| made(&host(), seams.random())), lease: config.cluster.lease }
    }
}

/// Its place among those that share the store; none where nobody else can open it.
pub(super) fn roster(
    replica: &Replica,
    config: &Config,
    store: &Store,
    door: Option<&Door>,
) -> Result<Option<Roster>, String> {
    let me = || runtime::Replica {
        name: replica.name.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        started: store.seams().wall().into(),
        // What is not served is not reached, whatever the file says.
        api: door.and_then(|door| config.cluster.advertise.clone().or_else(|| door.reachable())),
    };
    let is_hidden = door.is_some_and(|door| door.reachable().is_none()) && config.cluster.advertise.is_none();
    if config.store.is_shared() && is_hidden {
        tracing::warn!(
            "the API listens at every address, so other replicas cannot say where it is reached; write `[cluster] advertise = \"http://HOST:PORT\"`"
        );
    }
    let roster = config.store.is_shared().then(|| Roster::new(store, me(), replica.lease)).transpose();
    roster.map_err(|invalid| format!("cluster.lease: {invalid}"))
}

/// Two replicas on one host, and one that was started again, have different names: a name says which process holds a lease.
fn made(host: &str, random: u64) -> String {
    format!("{host}-{:06x}", random & 0xff_ffff)
}

/// The host's name, without what a name of a replica may not have.
fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name.chars().filter(allowed).take(64).collect();
    let name = name.trim_start_matches(['.', '_', '-']);
    if name.is_empty() { "replica".into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::replica_name;

    #[test]
    fn a_name_that_is_made_is_one_that_may_be_given() {
        for random in [0, 1, u64::MAX] {
            let name = made(&host(), random);
            assert_eq!(replica_name(&name), Ok(name));
        }
        assert_eq!(made("web", 10), "web-00000a");
    }
}
