//! Opening a connection: a name becomes addresses, an address a socket, a socket with TLS a trusted one.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use trimtab_seams::Seams;

use super::address::Address;
use super::bounds::Bounds;

/// The most that a server may send before the body of its answer, and that is read ahead of whoever takes the body.
const MOST_HEAD: usize = 64 << 10;

/// A connection that can be asked.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    received: Arc<AtomicU64>,
}

impl Connection {
    /// How many bytes the server has sent so far.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Acquire)
    }
}

/// Connects to one webhook.
pub(super) struct Connector {
    pub(super) address: Address,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// `tls` is looked at only when the URL wants it.
    pub(super) fn new(
        address: Address,
        tls: impl FnOnce() -> Result<ClientConfig, String>,
    ) -> Result<Self, String> {
        let tls = if address.tls {
            let name = ServerName::try_from(address.host.clone())
                .map_err(|_| format!("`{}` is no name that a certificate can have", address.host))?;
            Some((TlsConnector::from(Arc::new(tls()?)), name))
        } else {
            None
        };
        Ok(Self { address, tls })
    }

    /// A new connection, driven by a task of its own that ends with it.
    pub(super) async fn connect(&self, bounds: &Bounds<'_>) -> Result<Connection, String> {
        let socket = bounds.limit("could not be reached", self.reach(bounds.seams)).await??;
        // A question is one write and then waits for its answer: nothing is gained by holding it back.
        let _unimportant = socket.set_nodelay(true);
        match &self.tls {
            None => handshake(bounds.seams, socket).await,
            Some((connector, name)) => {
                let greeting = connector.connect(name.clone(), socket);
                let secured = bounds.limit("did not finish the TLS handshake", greeting).await?;
                handshake(bounds.seams, secured.map_err(|error| distrusted(&error))?).await
            }
        }
    }

    /// Tries each address of the host in turn. One that swallows packets must not use up the time of those after it, so each has a second's start only.
    async fn reach(&self, seams: &Seams) -> Result<TcpStream, String> {
        const START: std::time::Duration = std::time::Duration::from_secs(1);
        let (host, port) = (self.address.host.as_str(), self.address.port);
        let found = lookup_host((host, port)).await;
        let addresses: Vec<SocketAddr> = found
            .map_err(|error| {
                format!("could not be reached: the name {host} cannot be resolved ({error}); correct the URL")
            })?
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
                "could not be reached: nothing listens there; start the server, or correct the URL".into()
            }
            Some(error) => format!("could not be reached: {error}"),
            None => format!("could not be reached: the name {host} has no address; correct the URL"),
        })
    }
}

pub(super) async fn handshake<S>(seams: &Seams, socket: S) -> Result<Connection, String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let received = Arc::new(AtomicU64::new(0));
    let counted = Counted { socket, received: received.clone() };
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(MOST_HEAD)
        .handshake(TokioIo::new(counted))
        .await
        .map_err(|error| format!("could not be asked: {error}"))?;
    // Its errors are those of the question it carries, and told there. It ends when the sender is dropped.
    seams.spawn("webhook connection", async move { drop(connection.await) });
    Ok(Connection { sender, received })
}

/// Why a TLS handshake failed, and what to do.
fn distrusted(error: &io::Error) -> String {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let advice = match tls {
        Some(rustls::Error::InvalidCertificate(certificate)) => match certificate {
            CertificateError::UnknownIssuer => {
                "nobody who is trusted has signed its certificate; name its authority's PEM file as `authority`"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired; renew it"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet; look at the clocks of both machines"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name; use the name that the certificate has"
            }
            _ => "its certificate cannot be accepted",
        },
        Some(rustls::Error::InvalidMessage(_)) => {
            "it does not speak TLS there; should the URL begin with `http://`?"
        }
        Some(_) => "the TLS handshake failed",
        None => "the connection broke off in the TLS handshake",
    };
    format!("could not be trusted: {advice} ({error})")
}

/// A socket that counts what it is sent, so that it is known whether an answer had begun.
struct Counted<S> {
    socket: S,
    received: Arc<AtomicU64>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.socket).poll_read(cx, into);
        self.received.fetch_add((into.filled().len() - before) as u64, Ordering::Release);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
