//! Whose certificates are trusted.

use std::path::Path;
use std::sync::Arc;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::Failure;

/// The settings of TLS: trusted are those who are signed by the authorities of a file, or by the system's when none is given.
pub(super) fn trust(authority: Option<&Path>) -> Result<TlsConfig, Failure> {
    let roots = match authority {
        Some(path) => given(path)?,
        None => of_the_system()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .build())
}

fn given(path: &Path) -> Result<Vec<Certificate<'static>>, Failure> {
    let wrong = |what: String| {
        Failure::usage(format!("the authority {} {what}", path.display()))
            .hint("it is a PEM file of certificates, with `-----BEGIN CERTIFICATE-----`")
    };
    let pem = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let mut roots = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => roots.push(certificate),
            // A file may hold a key beside its certificates.
            Ok(_) => {}
            Err(error) => return Err(wrong(format!("is not PEM: {error}"))),
        }
    }
    if roots.is_empty() {
        return Err(wrong("holds no certificate".into()));
    }
    Ok(roots)
}

fn of_the_system() -> Result<Vec<Certificate<'static>>, Failure> {
    // A system has odd certificates among its many; those that can be read are enough.
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
        return Err(Failure::failed(format!("this system has no certificates to trust{why}"))
            .hint("install them (often the package ca-certificates), or name a PEM file by --authority"));
    }
    Ok(found.certs.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_told_with_what_belongs_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let told = || given(&path).unwrap_err().to_string();
        assert!(told().contains("ca.pem cannot be read"));
        std::fs::write(&path, "no certificate").unwrap();
        assert!(told().contains("ca.pem holds no certificate") && told().contains("BEGIN CERTIFICATE"));
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n").unwrap();
        assert!(told().contains("ca.pem is not PEM"), "{}", told());
    }
}
