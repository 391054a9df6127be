//! Whose certificates are trusted, and which one is shown.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// What TLS is given, as PEM.
#[derive(Clone, Default)]
pub(crate) struct Tls {
    /// The system's authorities when absent.
    pub(crate) authority: Option<Vec<u8>>,
    /// Certificate and key.
    pub(crate) identity: Option<(Vec<u8>, Vec<u8>)>,
    /// The name in the servers' certificates, when it is not the one in their addresses.
    pub(crate) name: Option<String>,
}

/// The settings of TLS.
///
/// # Errors
/// What is wrong with the PEM, and what to do.
pub(crate) fn trust(tls: &Tls) -> Result<ClientConfig, String> {
    let roots = match &tls.authority {
        Some(pem) => given(pem)?,
        None => of_the_system()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder =
        builder.map_err(|error| format!("TLS cannot be used: {error}"))?.with_root_certificates(roots);
    let Some((certificate, key)) = &tls.identity else { return Ok(builder.with_no_client_auth()) };
    let chain = certificates("the client certificate", certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| format!("the key of the client certificate is no PEM key: {error}"))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| format!("the client certificate cannot be used with its key: {error}"))
}

fn given(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("the authority", pem)? {
        roots
            .add(certificate)
            .map_err(|error| format!("the authority holds a certificate that cannot be used: {error}"))?;
    }
    Ok(roots)
}

fn certificates(whose: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| format!("{whose} is not PEM: {error}"))?;
    if found.is_empty() {
        return Err(format!(
            "{whose} holds no certificate; it must be PEM, with `-----BEGIN CERTIFICATE-----`"
        ));
    }
    Ok(found)
}

fn of_the_system() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    // A system has odd certificates among its many; those that can be read are enough.
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
        return Err(format!(
            "this system has no certificates to trust{why}; install them (often the package ca-certificates), or give the authority of Consul's certificates"
        ));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_told() {
        let tls = |authority: &[u8]| Tls { authority: Some(authority.into()), identity: None, name: None };
        assert!(trust(&tls(b"")).unwrap_err().contains("holds no certificate"));
        let torn = b"-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n";
        assert!(trust(&tls(torn)).unwrap_err().contains("is not PEM"));
        let junk = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(trust(&tls(junk)).unwrap_err().contains("cannot be used"));
    }
}
