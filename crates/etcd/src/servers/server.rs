//! One server of the cluster.

use std::fmt;
use std::time::Duration;

use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_secs(2);
/// How often an idle connection with requests under way is asked whether it lives. etcd ends connections that ask more often than every 5 s.
const ASKING: Duration = Duration::from_secs(10);
/// How long that may take.
const LIVING: Duration = Duration::from_secs(5);

/// What TLS stands on.
#[derive(Clone, Default)]
pub(crate) struct Tls {
    /// PEM. Without: what the system trusts.
    pub(crate) authority: Option<Vec<u8>>,
    /// PEM: certificate and key.
    pub(crate) own: Option<(Vec<u8>, Vec<u8>)>,
    /// The name in the servers' certificates, when it is not the one in their addresses.
    pub(crate) name: Option<String>,
}

impl Tls {
    pub(crate) const fn is_set(&self) -> bool {
        self.authority.is_some() || self.own.is_some() || self.name.is_some()
    }

    fn config(&self) -> ClientTlsConfig {
        let mut config = match &self.authority {
            Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        if let Some((certificate, key)) = &self.own {
            config = config.identity(Identity::from_pem(certificate, key));
        }
        match &self.name {
            Some(name) => config.domain_name(name),
            None => config,
        }
    }
}

/// Where a server is, and a connection to it that is made when it is needed.
pub(crate) struct Server {
    address: String,
    endpoint: Endpoint,
    channel: Channel,
}

impl Server {
    /// A server at an address like `http://host:2379`, `https://..` or `host:2379`. Says what is wrong with one.
    pub(crate) fn at(address: &str, tls: &Tls) -> Result<Self, String> {
        let scheme = if tls.is_set() { "https" } else { "http" };
        let address = if address.contains("://") { address.into() } else { format!("{scheme}://{address}") };
        let endpoint = Endpoint::from_shared(address.clone()).map_err(|error| error.to_string())?;
        let (uri, secure) = (endpoint.uri(), endpoint.uri().scheme_str() == Some("https"));
        if !secure && uri.scheme_str() != Some("http") {
            return Err("it must begin with `http://` or `https://`".into());
        }
        if uri.host().unwrap_or_default().is_empty() || uri.port().is_none() {
            return Err("it must name a host and a port, as in `http://10.0.0.7:2379`".into());
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err("nothing may follow the port; a place within the store is set with `prefix`".into());
        }
        if !secure && tls.is_set() {
            return Err("certificates are given, so it must begin with `https://`".into());
        }
        let endpoint = endpoint
            .connect_timeout(CONNECTING)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(ASKING)
            .keep_alive_timeout(LIVING);
        let endpoint = if secure {
            endpoint.tls_config(tls.config()).map_err(|error| crate::error::with_causes(&error))?
        } else {
            endpoint
        };
        let channel = endpoint.connect_lazy();
        Ok(Self { address, endpoint, channel })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(super) const fn channel(&self) -> &Channel {
        &self.channel
    }

    /// A connection of its own: one that is read slowly would hold up the others on it.
    pub(super) fn another_channel(&self) -> Channel {
        self.endpoint.connect_lazy()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.address).finish()
    }
}
