//! A certificate and its key, replaced while they are served.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::der::not_after;

/// A certificate and its key. Clones share them, also when they are [replaced](Tls::replace).
#[derive(Clone)]
pub struct Tls {
    certified: Arc<Certified>,
    config: Arc<ServerConfig>,
}

/// Why a certificate or its key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TlsError(String);

/// What is shown now.
struct Certified {
    key: RwLock<Arc<CertifiedKey>>,
}

impl fmt::Debug for Certified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certified")
    }
}

impl ResolvesServerCert for Certified {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.key.read()))
    }
}

impl Tls {
    /// From PEM texts: the certificate with its chain, and its key. Whether the certificate is still good is [asked](Tls::expires) apart, for that changes.
    ///
    /// # Errors
    /// [`TlsError`]: not PEM, no certificate, no key, the key of another certificate.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let certified = Arc::new(Certified { key: RwLock::new(Arc::new(certified(certificate, key)?)) });
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| TlsError(format!("cannot be used: {error}")))?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::clone(&certified) as Arc<_>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { certified, config: Arc::new(config) })
    }

    /// From now on this certificate and key, for connections that are made later.
    ///
    /// # Errors
    /// As [`Tls::from_pem`]; then the old ones stay.
    pub fn replace(&self, certificate: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let new = Arc::new(certified(certificate, key)?);
        *self.certified.key.write() = new;
        Ok(())
    }

    /// Until when the certificate is good; none when it does not say so in a way that can be read.
    pub fn expires(&self) -> Option<SystemTime> {
        not_after(self.certified.key.read().cert.first()?)
    }

    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<TlsStream<S>> {
        TlsAcceptor::from(Arc::clone(&self.config)).accept(stream).await
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn certified(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let wrong = |what: String| TlsError(what);
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|error| wrong(format!("the certificate is not PEM: {error}")))?;
    if chain.is_empty() {
        return Err(wrong(
            "the certificate's file holds no certificate (`-----BEGIN CERTIFICATE-----`)".into(),
        ));
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| wrong(format!("the key's file holds no key that can be read: {error}")))?;
    let provider = rustls::crypto::ring::default_provider();
    CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => wrong("the key is of another certificate".into()),
        error => wrong(format!("certificate and key cannot be used: {error}")),
    })
}
