//! Certificates: one that is trusted, and those that are not.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use trimtab::seams::Seams;

use super::at::{At, serve};
use super::stage::{Daemon, Folder};

/// A certificate of `localhost` that is its own authority.
fn certificate(year: i32) -> (rcgen::Certificate, rcgen::KeyPair) {
    let mut parameters = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    (parameters.self_signed(&key).unwrap(), key)
}

/// A daemon with a certificate, and where it is: by address.
async fn secured() -> (Folder, Daemon, String) {
    let folder = Folder::of_sites("exit 0", "[http]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n");
    let (certificate, key) = certificate(2060);
    folder.write("cert.pem", &certificate.pem());
    folder.write("key.pem", &key.serialize_pem());
    folder.site("blog");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("1 reconciled").await;
    (folder, daemon, url)
}

#[tokio::test]
async fn a_certificate_is_trusted_when_its_authority_is_named() {
    let (folder, _daemon, url) = secured().await;
    let at = At::new(&url.replace("127.0.0.1", "localhost"));
    let authority = format!("--authority {}", folder.at("cert.pem").display());
    assert_eq!(at.trimtab(&format!("get sites -o name {authority}")).await.with_code(0).out, "site/blog\n");

    let (other, _) = certificate(2061);
    folder.write("other.pem", &other.pem());
    let ended =
        at.trimtab(&format!("get sites --authority {}", folder.at("other.pem").display())).await.with_code(5);
    ended.logged("the certificate of https://localhost:").logged("by --authority");

    let by_address = At::new(&url);
    let ended = by_address.trimtab(&format!("get sites {authority}")).await.with_code(5);
    ended.logged("is not one of `127.0.0.1`").logged("ask by a name that the certificate has");

    let plain = At::new(&url.replace("https", "http"));
    plain.trimtab("get sites").await.with_code(5).logged("https");

    folder.write("none.pem", "nothing");
    let line = format!("get sites --authority {}", folder.at("none.pem").display());
    at.trimtab(&line).await.with_code(2).logged("holds no certificate");
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_told() {
    let folder = Folder::empty();
    let (certificate, key) = certificate(2021);
    folder.write("cert.pem", &certificate.pem());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    Seams::tokio().spawn("a server whose certificate has expired", async move {
        let acceptor = TlsAcceptor::from(Arc::new(settings));
        while let Ok((stream, _)) = listener.accept().await {
            drop(acceptor.accept(stream).await);
        }
    });
    let at = At::new(&format!("https://localhost:{port}"));
    let line = format!("get sites --authority {}", folder.at("cert.pem").display());
    at.trimtab(&line).await.with_code(5).logged("has expired\n  whoever runs it must renew it");
}

#[tokio::test]
async fn https_to_a_daemon_without_a_certificate_is_told() {
    let folder = Folder::of_sites("exit 0", "");
    let (_daemon, url) = serve(&folder, &[]).await;
    let (certificate, _) = certificate(2060);
    folder.write("cert.pem", &certificate.pem());
    let at = At::new(&url.replace("http", "https"));
    let line = format!("get sites --authority {}", folder.at("cert.pem").display());
    at.trimtab(&line).await.with_code(5).logged("does not speak TLS\n  ask by http");
}
