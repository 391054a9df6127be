//! What can be set before a store is opened.

use std::fmt;
use std::time::Duration;

use trimtab_backend::Limits;
use trimtab_seams::Seams;

use crate::connect::connect;
use crate::layout::Layout;
use crate::servers::{Credentials, Server, Servers, Tls};
use crate::{ConnectError, Etcd};

/// How to open a store. Made by [`Etcd::builder`].
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use trimtab_etcd::Etcd;
///
/// let etcd = Etcd::builder(["https://10.0.0.7:2379", "https://10.0.0.8:2379"])
///     .ca_certificate(std::fs::read("ca.pem")?)
///     .user("trimtab", "secret")
///     .prefix("shop/trimtab")
///     .connect()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a builder connects to nothing until `connect` is called"]
pub struct EtcdBuilder {
    endpoints: Vec<String>,
    prefix: String,
    tls: Tls,
    user: Option<(String, String)>,
    timeout: Duration,
    limits: Limits,
    seams: Option<Seams>,
}

impl EtcdBuilder {
    pub(crate) fn new(endpoints: Vec<String>) -> Self {
        Self {
            endpoints,
            prefix: "trimtab".into(),
            tls: Tls::default(),
            user: None,
            timeout: Duration::from_secs(5),
            limits: Limits::PORTABLE,
            seams: None,
        }
    }

    /// Where the store lies: segments with `/` between them. Default `trimtab`. Stores with different prefixes know nothing of each other.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The authority that signed the servers' certificates, as PEM. Default: those that the system trusts.
    pub fn ca_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.authority = Some(pem.into());
        self
    }

    /// This client's certificate and its key, as PEM.
    pub fn client_certificate(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.tls.own = Some((certificate.into(), key.into()));
        self
    }

    /// The name in the servers' certificates, where it is not the one in their addresses.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.tls.name = Some(name.into());
        self
    }

    /// User and password. The token that the server gives for them is renewed when it ends.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some((name.into(), password.into()));
        self
    }

    /// How long a request may take before its outcome counts as unknown. Default 5 s.
    pub const fn request_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How large transactions may be. Default [`Limits::PORTABLE`], which holds on every backend. etcd itself takes 1.5 MiB and 128 operations unless
    /// it is told otherwise.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The clock, randomness and spawning to use. Default [`Seams::tokio`]. The connections themselves are tokio's.
    pub fn seams(mut self, seams: &Seams) -> Self {
        self.seams = Some(seams.clone());
        self
    }

    /// Asks the servers who they are, and opens the store, or begins it when there is nothing below the prefix.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(self) -> Result<Etcd, ConnectError> {
        let layout =
            Layout::new(&self.prefix).map_err(|what| ConnectError::Invalid { field: "prefix", what })?;
        if self.endpoints.is_empty() {
            let what = "at least one address of a server is needed".into();
            return Err(ConnectError::Invalid { field: "endpoints", what });
        }
        if self.timeout.is_zero() {
            let what = "must be above zero".into();
            return Err(ConnectError::Invalid { field: "request_timeout", what });
        }
        let server = |endpoint: &String| {
            Server::at(endpoint, &self.tls)
                .map_err(|what| ConnectError::Endpoint { endpoint: endpoint.clone(), what })
        };
        let list = self.endpoints.iter().map(server).collect::<Result<Vec<_>, _>>()?;
        let credentials = self.user.map(|(name, password)| Credentials::new(name, password));
        let seams = self.seams.unwrap_or_else(Seams::tokio);
        let servers = Servers::new(list, credentials, self.timeout, seams);
        connect(servers, &self.prefix, layout, self.limits).await.map(Etcd::new)
    }
}

/// Without password and key.
impl fmt::Debug for EtcdBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdBuilder")
            .field("endpoints", &self.endpoints)
            .field("prefix", &self.prefix)
            .field("user", &self.user.as_ref().map(|(name, _)| name))
            .finish_non_exhaustive()
    }
}
