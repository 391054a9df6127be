//! Whose certificates are trusted.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// The settings of TLS: trusted are those who are signed by the authorities given as PEM, or by the system's when none are given.
///
/// # Errors
/// What is wrong with the authorities, and what to do.
pub(super) fn trust(authority: Option<&[u8]>) -> Result<ClientConfig, String> {
    let roots = match authority {
        Some(pem) => given(pem)?,
        None => of_the_system()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| format!("TLS cannot be used: {error}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn given(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| format!("`authority` is not PEM: {error}"))?;
        roots
            .add(certificate)
            .map_err(|error| format!("`authority` holds a certificate that cannot be used: {error}"))?;
    }
    if roots.is_empty() {
        return Err(
            "`authority` holds no certificate; it must be PEM, with `-----BEGIN CERTIFICATE-----`".into()
        );
    }
    Ok(roots)
}

fn of_the_system() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    // A system has odd certificates among its many; those that can be read are enough.
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
        return Err(format!(
            "this system has no certificates to trust{why}; install them (often the package ca-certificates), or name a PEM file as `authority`"
        ));
    }
    Ok(roots)
}
