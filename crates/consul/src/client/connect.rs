//! Opening a connection to one endpoint, and keeping it for the next request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use trimtab_seams::Seams;

use super::Endpoint;

/// Connections of one endpoint that are kept without a request.
const KEPT: usize = 32;

/// A connection that can be asked.
pub(super) type Connection = SendRequest<Full<Bytes>>;

/// Connects to one endpoint.
pub(super) struct Connector {
    pub(super) endpoint: Endpoint,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    idle: Mutex<Vec<Connection>>,
}

impl Connector {
    /// `tls` is there when an endpoint wants it; `name` when its certificate has another than its address.
    ///
    /// # Errors
    /// When the endpoint has a name that no certificate can have.
    pub(super) fn new(
        endpoint: Endpoint,
        tls: Option<&Arc<ClientConfig>>,
        name: Option<&str>,
    ) -> Result<Self, String> {
        let tls = match tls.filter(|_| endpoint.tls) {
            None => None,
            Some(config) => {
                let name = name.unwrap_or(&endpoint.host);
                let name = ServerName::try_from(name.to_owned())
                    .map_err(|_| format!("`{name}` is no name that a certificate can have"))?;
                Some((TlsConnector::from(Arc::clone(config)), name))
            }
        };
        Ok(Self { endpoint, tls, idle: Mutex::default() })
    }

    /// A connection that was kept and is open as far as is known.
    pub(super) fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle.lock();
        while let Some(connection) = idle.pop() {
            if !connection.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection whose answer was read to its end.
    pub(super) fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock();
        if idle.len() < KEPT {
            idle.push(connection);
        }
    }

    /// Closes what is kept.
    pub(super) fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock());
        drop(idle);
    }

    /// A new connection, driven by a task of its own that ends with it.
    ///
    /// # Errors
    /// Why there is none, told behind the endpoint's address.
    pub(super) async fn connect(&self, seams: &Seams) -> Result<Connection, String> {
        let socket = self.reach(seams).await?;
        // A request is one write and then waits for its answer: nothing is gained by holding it back.
        let _unimportant = socket.set_nodelay(true);
        match &self.tls {
            None => handshake(seams, socket).await,
            Some((connector, name)) => {
                let secured = connector.connect(name.clone(), socket).await;
                handshake(seams, secured.map_err(|error| distrusted(&error))?).await
            }
        }
    }

    /// Tries each address of the host in turn; each but the last has a second's start only.
    async fn reach(&self, seams: &Seams) -> Result<TcpStream, String> {
        const START: Duration = Duration::from_secs(1);
        let (host, port) = (self.endpoint.host.as_str(), self.endpoint.port);
        let found = lookup_host((host, port)).await;
        let addresses: Vec<SocketAddr> = found
            .map_err(|error| format!("the name {host} cannot be resolved ({error}); correct the endpoint"))?
            .collect();
        let mut failure = None;
        for (number, address) in addresses.iter().enumerate() {
            let last = number + 1 == addresses.len();
            tokio::select! {
                biased;
                connected = TcpStream::connect(address) => match connected {
                    Ok(socket) => return Ok(socket),
                    Err(error) => failure = Some(error),
                },
                () = seams.sleep(START), if !last => {}
            }
        }
        Err(match failure {
            Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                "nothing listens there; start Consul, or correct the endpoint".into()
            }
            Some(error) => format!("it cannot be reached: {error}"),
            None => format!("the name {host} has no address; correct the endpoint"),
        })
    }
}

async fn handshake<S>(seams: &Seams, socket: S) -> Result<Connection, String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(socket))
        .await
        .map_err(|error| format!("it cannot be asked: {error}"))?;
    // Its errors are those of the request it carries, and told there. It ends when the sender is dropped.
    seams.spawn("consul connection", async move { drop(connection.await) });
    Ok(sender)
}

/// Why a TLS handshake failed, and what to do.
fn distrusted(error: &io::Error) -> String {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let advice = match tls {
        Some(rustls::Error::InvalidCertificate(certificate)) => match certificate {
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "nobody who is trusted has signed its certificate; give the PEM of its authority (`ca_certificate`)"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired; renew it"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet; look at the clocks of both machines"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name; use a name that the certificate has, or give it as `server_name`"
            }
            _ => "its certificate cannot be accepted",
        },
        Some(rustls::Error::InvalidMessage(_)) => {
            "it does not speak TLS there; Consul's TLS port is often 8501, and its plain one wants `http://`"
        }
        Some(rustls::Error::AlertReceived(_)) => {
            "it refused the handshake; where Consul verifies clients, give one of yours (`client_certificate`)"
        }
        Some(_) => "the TLS handshake failed",
        None => "the connection broke off in the TLS handshake",
    };
    format!("it cannot be trusted: {advice} ({error})")
}
