//! Why no answer came, in the words of whoever has to mend it.

use std::io::ErrorKind;

use rustls::CertificateError;
use ureq::Error;

use super::{Address, Failure};

/// No answer came.
pub(super) fn failure(error: Error, address: &Address) -> Failure {
    let other = "name another by --server";
    let told = |text: String, hint: String| Failure::unreachable(text).hint(hint);
    if let Some(tls) = of_tls(&error) {
        return of_certificate(tls, address);
    }
    match error {
        Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => told(
            format!("connection refused at {address}"),
            format!("is `trimtab run` running there? {other}"),
        ),
        Error::Io(error)
            if matches!(
                error.kind(),
                ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe
            ) =>
        {
            let tls = if address.is_tls() { "" } else { "; if it wants TLS, ask by https" };
            told(
                format!("{address} closed the connection without an answer"),
                format!("it may be stopping, or be no daemon of Trimtab{tls}"),
            )
        }
        Error::HostNotFound => told(
            format!("the name `{}` cannot be resolved", address.host()),
            format!("look at its spelling, or {other}"),
        ),
        Error::Io(error) if is_of_names(&error.to_string()) => told(
            format!("the name `{}` cannot be resolved: {error}", address.host()),
            format!("look at its spelling, or {other}"),
        ),
        Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => told(
            format!("{address} cannot be reached: nobody answered within 5 s"),
            format!("look at address, port and firewall, or {other}"),
        ),
        Error::Timeout(_) => told(
            format!("{address} has not answered in time"),
            "the daemon may be overloaded, or not be Trimtab; its log says more".into(),
        ),
        Error::Protocol(error) => told(
            format!("what answers at {address} does not speak HTTP: {error}"),
            format!("if it wants TLS, ask by https; else {other}"),
        ),
        Error::Io(error) => told(format!("{address} cannot be reached: {error}"), other.into()),
        error => told(format!("{address} cannot be asked: {error}"), other.into()),
    }
}

/// The resolver's errors have no kind of their own.
fn is_of_names(text: &str) -> bool {
    ["lookup address", "resolve", "name or service", "Name or service"].iter().any(|part| text.contains(part))
}

/// The error of TLS within another, wherever it lies.
fn of_tls(error: &Error) -> Option<&rustls::Error> {
    match error {
        Error::Rustls(error) => Some(error),
        Error::Io(error) => {
            let mut inner = error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static));
            while let Some(error) = inner {
                if let Some(found) = error.downcast_ref::<rustls::Error>() {
                    return Some(found);
                }
                inner = error.source();
            }
            None
        }
        _ => None,
    }
}

/// The verifier's word for it has no name of its own here.
fn is_of_authority(error: &rustls::OtherError) -> bool {
    format!("{error:?}").contains("CaUsedAsEndEntity")
}

fn of_certificate(error: &rustls::Error, address: &Address) -> Failure {
    let host = address.host();
    let (text, hint) = match error {
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => (
            format!("the certificate of {address} has expired"),
            "whoever runs it must renew it; if it has not, look at the clock of this machine".to_owned(),
        ),
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => (
            format!("the certificate of {address} is signed by nobody who is trusted"),
            "if it is the right one, name the PEM file of who signed it by --authority".into(),
        ),
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => (
            format!("the certificate of {address} is not one of `{host}`"),
            "ask by a name that the certificate has".into(),
        ),
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) if is_of_authority(other) => (
            format!(
                "the certificate of {address} is one of an authority (CA:TRUE), which no server may show"
            ),
            "make one for the server: `openssl req -x509 .. -addext basicConstraints=critical,CA:FALSE`"
                .into(),
        ),
        rustls::Error::InvalidCertificate(
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => (
            format!("the certificate of {address} is signed in a way that is not supported here"),
            "whoever runs it must make one with another key: ECDSA of P-256 or P-384, Ed25519, or RSA of 2048 bits or more, with SHA-256 or better"
                .into(),
        ),
        // Who is its own authority is no server's certificate to the verifier, unless it is the very one.
        rustls::Error::InvalidCertificate(error) => (
            format!("the certificate of {address} cannot be trusted: {error}"),
            "name the PEM file of who signed it by --authority".into(),
        ),
        rustls::Error::InvalidMessage(_) => (
            format!("what answers at {address} does not speak TLS"),
            "ask by http, or name another by --server".into(),
        ),
        other => (format!("no TLS with {address}: {other}"), "its log may say more".into()),
    };
    Failure::unreachable(text).hint(hint)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// As the verifier says it.
    #[derive(Debug, thiserror::Error)]
    #[error("an authority's")]
    struct CaUsedAsEndEntity;

    #[test]
    fn each_way_to_get_no_answer_is_told_with_what_to_do() {
        let address = Address::parse("https://box:7420").unwrap();
        let io = |kind: ErrorKind| Error::Io(io::Error::from(kind));
        let tls = |error: rustls::Error| Error::Io(io::Error::new(ErrorKind::InvalidData, error));
        let certificate = |error| tls(rustls::Error::InvalidCertificate(error));
        for (error, wanted) in [
            (
                io(ErrorKind::ConnectionRefused),
                "connection refused at https://box:7420\n  is `trimtab run` running there?",
            ),
            (io(ErrorKind::UnexpectedEof), "closed the connection without an answer"),
            (io(ErrorKind::NetworkUnreachable), "cannot be reached: network unreachable"),
            (Error::HostNotFound, "the name `box` cannot be resolved"),
            (Error::Timeout(ureq::Timeout::Connect), "nobody answered within 5 s"),
            (Error::Timeout(ureq::Timeout::Global), "has not answered in time"),
            (certificate(CertificateError::Expired), "has expired"),
            (certificate(CertificateError::UnknownIssuer), "signed by nobody who is trusted"),
            (certificate(CertificateError::NotValidForName), "is not one of `box`"),
            (certificate(CertificateError::Revoked), "cannot be trusted"),
            (
                certificate(CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                    signature_algorithm_id: vec![6, 8],
                    public_key_algorithm_id: vec![6, 7],
                }),
                "is signed in a way that is not supported here\n  whoever runs it must make one with another key: ECDSA",
            ),
            (
                certificate(CertificateError::Other(rustls::OtherError(std::sync::Arc::new(
                    CaUsedAsEndEntity,
                )))),
                "is one of an authority (CA:TRUE)",
            ),
            (
                Error::Rustls(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)),
                "does not speak TLS",
            ),
        ] {
            let shown = format!("{error:?}");
            let failure = super::failure(error, &address);
            assert!(failure.to_string().contains(wanted), "{shown}: {failure}");
            assert_eq!(failure.exit(), crate::command::Exit::Unreachable, "{shown}");
        }
    }
}
