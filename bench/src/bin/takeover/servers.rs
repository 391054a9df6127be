//! Three servers of either store.

use trimtab_backend::AnyBackend;
use trimtab_consul::Consul;
use trimtab_etcd::Etcd;
use trimtab_test_servers::{consul, etcd};

pub(crate) enum Servers {
    Etcd(etcd::Cluster),
    Consul(consul::Cluster),
}

impl Servers {
    pub(crate) fn three(kind: &str) -> Self {
        match kind {
            "etcd" => Self::Etcd(etcd::Cluster::three().expect("servers")),
            _ => Self::Consul(consul::Cluster::three().expect("servers")),
        }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Etcd(_) => "etcd",
            Self::Consul(_) => "consul",
        }
    }

    pub(crate) fn endpoints(&self) -> Vec<String> {
        match self {
            Self::Etcd(cluster) => cluster.endpoints(),
            Self::Consul(cluster) => cluster.endpoints(),
        }
    }

    pub(crate) fn leader(&self) -> usize {
        match self {
            Self::Etcd(cluster) => cluster.leader(),
            Self::Consul(cluster) => cluster.leader(),
        }
    }

    pub(crate) fn kill(&mut self, member: usize) {
        match self {
            Self::Etcd(cluster) => cluster.kill(member),
            Self::Consul(cluster) => cluster.kill(member),
        }
    }

    pub(crate) fn restart(&mut self, member: usize) {
        match self {
            Self::Etcd(cluster) => cluster.restart(member),
            Self::Consul(cluster) => cluster.restart(member),
        }
    }
}

/// A store of its own handle, as another process has it.
pub(crate) async fn open(kind: &str, endpoints: Vec<String>) -> AnyBackend {
    match kind {
        "etcd" => AnyBackend::new(Etcd::connect(endpoints).await.expect("a store")),
        _ => AnyBackend::new(Consul::connect(endpoints).await.expect("a store")),
    }
}
