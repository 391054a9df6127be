//! Who is trusted.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::server::{DONE, Peer, Server};
use super::{AMPLE, SHORT, failure, success};
use crate::Webhook;
use crate::webhook::Caller;

/// An authority of one's own.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate that an authority signed, which may be changed before.
async fn server(
    by: &CertifiedIssuer<'static, KeyPair>,
    change: impl FnOnce(&mut CertificateParams),
) -> Server {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, by).unwrap().der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Server::start(move |peer: Peer<TcpStream>, _| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(socket) = acceptor.accept(peer.socket).await else { return };
            let mut peer = Peer { socket, seen: peer.seen };
            while peer.question().await && peer.say(DONE).await {}
        }
    })
    .await
}

fn trusting(port: u16, authority: Option<String>) -> Caller {
    let url = format!("https://127.0.0.1:{port}/");
    Caller::new(&Webhook { url, token: None, authority: authority.map(String::into_bytes) }).unwrap()
}

#[tokio::test]
async fn a_given_authority_is_trusted_and_its_connections_are_kept() {
    let by = authority();
    let server = server(&by, |_| {}).await;
    let caller = trusting(server.port, Some(by.pem()));
    success(&caller).await;
    success(&caller).await;
    assert_eq!((server.seen.connections(), server.seen.questions().len()), (1, 2));
}

#[tokio::test]
async fn whom_nobody_trusted_has_signed_is_told_nothing() {
    let server = server(&authority(), |_| {}).await;
    let told = failure(&trusting(server.port, Some(authority().pem())), AMPLE).await;
    assert!(told.contains("could not be trusted: ") && told.contains("certificate"), "{told}");
    assert!(server.seen.questions().is_empty());
}

#[tokio::test]
async fn an_expired_certificate_and_one_for_another_name_are_refused() {
    let by = authority();
    let expired = server(&by, |params| {
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    })
    .await;
    let told = failure(&trusting(expired.port, Some(by.pem())), AMPLE).await;
    assert!(told.contains("its certificate has expired; renew it"), "{told}");

    let other = server(&by, |params| params.subject_alt_names.clear()).await;
    let told = failure(&trusting(other.port, Some(by.pem())), AMPLE).await;
    assert!(told.contains("its certificate is for another name"), "{told}");
    assert!(expired.seen.questions().is_empty() && other.seen.questions().is_empty());
}

#[tokio::test]
async fn a_server_without_tls_is_told_as_such() {
    let by = authority();
    let plain = Server::start(|mut peer, _| async move {
        peer.say(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        peer.question().await;
    })
    .await;
    let told = failure(&trusting(plain.port, Some(by.pem())), AMPLE).await;
    assert!(told.contains("it does not speak TLS there; should the URL begin with `http://`?"), "{told}");

    let silent = Server::start(|mut peer, _| async move { while peer.question().await {} }).await;
    let told = failure(&trusting(silent.port, Some(by.pem())), SHORT).await;
    assert!(told.contains("did not finish the TLS handshake within 250ms"), "{told}");
}

#[test]
fn an_authority_that_is_none_is_refused_at_start() {
    let wrong = |pem: &[u8]| {
        let webhook = Webhook { url: "https://h/".into(), token: None, authority: Some(pem.to_vec()) };
        Caller::new(&webhook).unwrap_err()
    };
    assert!(wrong(b"").contains("`authority` holds no certificate"));
    assert!(
        wrong(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n")
            .contains("`authority` is not PEM")
    );
    assert!(
        wrong(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").contains("cannot be used")
    );
}
