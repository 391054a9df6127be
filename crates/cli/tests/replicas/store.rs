//! Three servers of a store, and between each replica and each server a proxy.

use std::time::Duration;

use trimtab::backend::AnyBackend;
use trimtab::{Consul, Etcd};
use trimtab_test_servers::{Proxy, Way, consul, etcd};

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Etcd,
    Consul,
}

enum Cluster {
    Etcd(etcd::Cluster),
    Consul(consul::Cluster),
}

pub(crate) struct Servers {
    cluster: Cluster,
    /// For each replica one to each member.
    ways: Vec<Vec<Proxy>>,
}

impl Which {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Consul => "consul",
        }
    }
}

impl Servers {
    /// None where servers cannot be built.
    pub(crate) fn start(which: Which, replicas: usize) -> Option<Self> {
        let (cluster, ports): (_, Vec<u16>) = match which {
            Which::Etcd => {
                let cluster = etcd::Cluster::three()?;
                let ports = (0..3).map(|member| cluster.port(member)).collect();
                (Cluster::Etcd(cluster), ports)
            }
            Which::Consul => {
                let cluster = consul::Cluster::three()?;
                let ports = (0..3).map(|member| cluster.port(member)).collect();
                (Cluster::Consul(cluster), ports)
            }
        };
        let ways = (0..replicas).map(|_| ports.iter().map(|port| Proxy::to(*port)).collect()).collect();
        Some(Self { cluster, ways })
    }

    /// What stands in the file of a replica.
    pub(crate) fn url(&self, replica: usize) -> String {
        let scheme = match &self.cluster {
            Cluster::Etcd(_) => Which::Etcd.name(),
            Cluster::Consul(_) => Which::Consul.name(),
        };
        let address = |way: &Proxy| way.endpoint().trim_start_matches("http://").to_owned();
        let addresses: Vec<_> = self.ways[replica].iter().map(address).collect();
        format!("{scheme}://{}/trimtab", addresses.join(","))
    }

    /// The store itself, past the proxies, for one who follows it and must not begin anew.
    pub(crate) async fn backend(&self) -> AnyBackend {
        match &self.cluster {
            Cluster::Etcd(cluster) => {
                AnyBackend::new(Etcd::connect(cluster.endpoints()).await.expect("servers that run"))
            }
            Cluster::Consul(cluster) => {
                let patient = Consul::builder(cluster.endpoints()).patience(Duration::from_secs(300));
                AnyBackend::new(patient.connect().await.expect("servers that run"))
            }
        }
    }

    /// The member that leads.
    pub(crate) fn leader(&self) -> usize {
        match &self.cluster {
            Cluster::Etcd(cluster) => cluster.leader(),
            Cluster::Consul(cluster) => cluster.leader(),
        }
    }

    pub(crate) fn kill(&mut self, member: usize) {
        match &mut self.cluster {
            Cluster::Etcd(cluster) => cluster.kill(member),
            Cluster::Consul(cluster) => cluster.kill(member),
        }
    }

    /// Starts a member that was killed.
    pub(crate) fn restart(&mut self, member: usize) {
        match &mut self.cluster {
            Cluster::Etcd(cluster) => cluster.restart(member),
            Cluster::Consul(cluster) => cluster.restart(member),
        }
    }

    /// All connections between a replica and the store end, and new ones are refused.
    pub(crate) fn cut(&self, replica: usize) {
        self.ways[replica].iter().for_each(Proxy::cut);
    }

    /// Nothing passes between a replica and the store any more, and nobody is told.
    pub(crate) fn black_hole(&self, replica: usize) {
        self.ways[replica].iter().for_each(Proxy::black_hole);
    }

    /// Nothing passes between a replica and the store, until it is mended: then all of it does.
    pub(crate) fn hold_up(&self, replica: usize) {
        for way in &self.ways[replica] {
            way.requests(Way::Held);
            way.answers(Way::Held);
        }
    }

    pub(crate) fn mend(&self, replica: usize) {
        self.ways[replica].iter().for_each(Proxy::mend);
    }
}
