//! What is told to a person whose Consul cannot be used.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use trimtab_backend::{Backend, Expect};
use trimtab_consul::{ConnectError, ConsulBuilder};
use trimtab_test_servers::consul::{Cluster, Settings};

use super::support::{builder, committed, connect, put};

async fn refused(builder: ConsulBuilder) -> ConnectError {
    builder.connect().await.expect_err("no store")
}

/// A service that answers whatever it is asked with this.
fn service(answer: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("a port").port();
    std::thread::Builder::new()
        .spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                _ = stream.read(&mut [0; 4096]);
                _ = stream.write_all(answer.as_bytes());
            }
        })
        .expect("a thread");
    format!("http://127.0.0.1:{port}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_address_or_another_service_is_told() {
    let free = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.local_addr().expect("a port").port()
    };
    let nobody = refused(builder([format!("http://127.0.0.1:{free}")])).await;
    assert!(matches!(nobody, ConnectError::Unreachable { .. }));
    assert!(nobody.to_string().contains("nothing listens there; start Consul"), "{nobody}");

    for answer in [
        "HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\nnot found",
        "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n<html>hi</html>",
        "HTTP/1.1 301 Moved\r\nlocation: /ui/\r\ncontent-length: 0\r\n\r\n",
    ] {
        let other = refused(builder([service(answer)])).await;
        assert!(matches!(other, ConnectError::NotConsul { .. }), "{other}");
        assert!(other.to_string().contains("8500"), "{other}");
    }
    let garbage = refused(builder([service("220 smtp.example.org ESMTP\r\n")])).await;
    assert!(garbage.to_string().contains("does not speak HTTP"), "{garbage}");
    let leaderless = refused(builder([service("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\"\"")])).await;
    assert!(matches!(leaderless, ConnectError::NoLeader { .. }), "{leaderless}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_is_down_is_passed_over() {
    let Some(cluster) = Cluster::single() else { return };
    let down = "http://127.0.0.1:1".to_owned();
    let store = connect(builder([down, cluster.endpoint(0)]).prefix("passed")).await;
    committed(&store, put("a", "1", Expect::Absent)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prefix_that_is_in_use_and_a_newer_format_are_left_alone() {
    let Some(cluster) = Cluster::single() else { return };
    cluster.put("taken/v1/something", "else");
    let taken = refused(builder(cluster.endpoints()).prefix("taken")).await;
    assert!(matches!(&taken, ConnectError::PrefixInUse { .. }), "{taken}");
    assert!(taken.to_string().contains("taken/v1/something"), "{taken}");
    cluster.put("odd/v1/meta/store", "?");
    let odd = refused(builder(cluster.endpoints()).prefix("odd")).await;
    assert!(matches!(odd, ConnectError::PrefixInUse { .. }), "{odd}");
    cluster.put("newer/v1/meta/store", r#"{"store":"6ba7b810-9dad-41d1-80b4-00c04fd430c8","format":2}"#);
    let newer = refused(builder(cluster.endpoints()).prefix("newer")).await;
    assert!(matches!(newer, ConnectError::NewerFormat { found: 2, supported: 1, .. }), "{newer}");
    // A namespace is Enterprise's: this one says so.
    let namespace = builder(cluster.endpoints()).prefix("names").namespace("shop").connect().await;
    assert!(
        namespace.is_ok() || namespace.as_ref().is_err_and(|error| error.to_string().contains("Enterprise"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_begin_a_store_together_begin_one() {
    let Some(cluster) = Cluster::single() else { return };
    for round in 0..20 {
        let begin = || {
            let builder = builder(cluster.endpoints()).prefix(format!("together/{round}"));
            async move {
                let store = builder.connect().await.expect("a store");
                store.read(&[]).await.expect("a read").0.store
            }
        };
        let (a, b, c, d) = tokio::join!(begin(), begin(), begin(), begin());
        assert!(a == b && b == c && c == d, "{a:?} {b:?} {c:?} {d:?}");
    }
}

/// An authority, and a certificate for 127.0.0.1 that it signed, as PEM.
fn certificates(name: &str) -> (String, String, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).expect("a certificate").pem();
    let issuer = Issuer::new(params, key);
    let own = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["127.0.0.1".into()]).expect("parameters");
    let signed = params.signed_by(&own, &issuer).expect("a certificate");
    (authority, signed.pem(), own.serialize_pem())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_needs_the_right_authority_and_where_asked_a_client_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let (authority, certificate, key) = certificates("ours");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let (ca, cert, secret) =
        (file("ca.pem", &authority), file("cert.pem", &certificate), file("key.pem", &key));
    let tls = |verify: bool| Settings {
        hcl: vec![format!(
            r#"tls {{ defaults {{ ca_file = "{ca}" cert_file = "{cert}" key_file = "{secret}" verify_incoming = false }} https {{ verify_incoming = {verify} }} }}"#
        )],
        tls: true,
        ..Settings::default()
    };
    let Some(cluster) = Cluster::with(1, &tls(false)) else { return };
    let secure = || builder([cluster.endpoint_tls(0)]).prefix("tls").request_timeout(Duration::from_secs(5));
    let store = connect(secure().ca_certificate(authority.clone())).await;
    committed(&store, put("a", "1", Expect::Absent)).await;
    let stranger = refused(secure().ca_certificate(certificates("theirs").0)).await;
    assert!(stranger.to_string().contains("give the PEM of its authority"), "{stranger}");
    let plain = refused(builder([cluster.endpoint_tls(0).replace("https", "http")])).await;
    assert!(plain.to_string().contains("https://"), "{plain}");
    let reversed =
        refused(builder([cluster.endpoint(0).replace("http", "https")]).ca_certificate(authority.clone()))
            .await;
    assert!(reversed.to_string().contains("does not speak TLS there"), "{reversed}");

    let Some(strict) = Cluster::with(1, &tls(true)) else { return };
    let secure = || builder([strict.endpoint_tls(0)]).prefix("tls").ca_certificate(authority.clone());
    let bare = refused(secure()).await;
    assert!(matches!(bare, ConnectError::Unreachable { .. }), "{bare}");
    let shown = connect(secure().client_certificate(certificate.clone(), key.clone())).await;
    committed(&shown, put("a", "1", Expect::Absent)).await;
}
