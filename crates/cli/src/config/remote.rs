//! Stores on other machines: where their servers are, and by what they let somebody in.
//!
//! Secrets stand in files, and only the files' names stand here: whatever shows settings shows no secret.

use std::fmt;
use std::path::PathBuf;

use super::model::Certificate;

/// The servers of a store, and where below them it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Servers {
    /// In order of preference; never empty.
    pub(crate) hosts: Vec<Host>,
    /// Segments with `/` between them.
    pub(crate) prefix: String,
    /// None: without TLS.
    pub(crate) tls: Option<StoreTls>,
}

/// A server's name or address, as a URL has it: IPv6 in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) port: u16,
}

/// `[store.tls]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreTls {
    /// None: those of the system.
    pub(crate) authority: Option<PathBuf>,
    /// What the servers are shown.
    pub(crate) own: Option<Certificate>,
    /// The name in the servers' certificates, where it is not the one in the URL.
    pub(crate) name: Option<String>,
}

/// `etcd://..` and `[store.etcd]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EtcdStore {
    pub(crate) servers: Servers,
    pub(crate) user: Option<User>,
}

/// A user, and the file of the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password_file: PathBuf,
}

/// `consul://..` and `[store.consul]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConsulStore {
    pub(crate) servers: Servers,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) datacenter: Option<String>,
    /// Consul Enterprise's.
    pub(crate) namespace: Option<String>,
    /// Consul Enterprise's.
    pub(crate) partition: Option<String>,
}

impl Servers {
    /// `https://host:2379` for each.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.hosts.iter().map(move |host| format!("{scheme}://{host}"))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.port)
    }
}

/// `host:2379,other:2379/prefix`
impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.hosts.iter().map(ToString::to_string).collect();
        write!(f, "{}/{}", hosts.join(","), self.prefix)
    }
}
