//! What a person gets wrong when a store is opened, and what the error says to do about it.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;
use trimtab_backend::{Backend, Commit, Expect, Key, Operation, Part, Transaction};
use trimtab_etcd::{ConnectError, Etcd, EtcdBuilder};
use trimtab_test_servers::etcd::{Cluster, Settings};

async fn refused(builder: EtcdBuilder) -> ConnectError {
    let builder = builder.request_timeout(Duration::from_secs(1));
    builder.connect().await.expect_err("this cannot be opened")
}

fn says(error: &ConnectError, parts: &[&str]) {
    let text = error.to_string();
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused_before_anything_is_asked() {
    let none: [&str; 0] = [];
    says(&refused(Etcd::builder(none)).await, &["endpoints", "at least one"]);
    says(&refused(Etcd::builder(["http://a:1"]).prefix("/a")).await, &["prefix", "`/a`"]);
    for (endpoint, what) in [
        ("ftp://a:1", "http://"),
        ("http://a", "a port"),
        ("a", "a port"),
        ("http://a:1/trimtab", "`prefix`"),
        ("http://a b", "invalid"),
    ] {
        says(&refused(Etcd::builder([endpoint])).await, &[endpoint, what]);
    }
    let plain = Etcd::builder(["http://a:1"]).server_name("b");
    says(&refused(plain).await, &["`https://`"]);
}

#[tokio::test]
async fn addresses_where_nobody_listens_are_all_named() {
    let free =
        |()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port").local_addr().expect("bound").port();
    let endpoints = [(), ()].map(free).map(|port| format!("http://127.0.0.1:{port}"));
    let error = refused(Etcd::builder(endpoints.clone())).await;
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    says(&error, &[&endpoints[0], &endpoints[1], "refused"]);
}

/// A listener that sends the same to everybody.
fn stranger(says: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let serve = move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            stream.write_all(says.as_bytes()).expect("a client");
            if says.is_empty() {
                open.push(stream);
            }
        }
    };
    std::thread::Builder::new().spawn(serve).expect("a thread");
    format!("http://127.0.0.1:{port}")
}

#[tokio::test]
async fn another_service_at_the_port_is_told_from_a_server_that_is_silent() {
    let web = stranger("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let error = refused(Etcd::builder([web.clone()])).await;
    assert!(matches!(error, ConnectError::NotEtcd { .. }), "{error:?}");
    says(&error, &[&web, "2379", "`https://`"]);
    let error = refused(Etcd::builder([stranger("")])).await;
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    says(&error, &["no answer within 1s"]);
}

/// One wrong address in the list kept every replica from starting again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_none_keeps_nobody_from_those_that_are() {
    let Some(cluster) = Cluster::single() else { return };
    let web = stranger("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    for endpoints in [[web.clone(), cluster.endpoint(0)], [cluster.endpoint(0), web]] {
        let store = Etcd::connect(endpoints).await.expect("one of them will do");
        let (key, value) = (Key::new("site", "a"), "{}".into());
        let put = Operation::Put { key, part: Part::Spec, value, expect: Expect::Anything };
        let commit = store.commit(Transaction::of([put])).await.expect("a commit");
        assert!(matches!(commit, Commit::Committed(_)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prefix_that_something_else_uses_is_left_alone() {
    let Some(cluster) = Cluster::single() else { return };
    let put = |key: &str, value: &str| {
        let pair = json!({ "key": Cluster::encoded(key), "value": Cluster::encoded(value) });
        cluster.call(0, "kv/put", &pair);
    };
    put("theirs/config", "1");
    put("odd/v1/meta/store", "hello");
    put("newer/v1/meta/store", "{\"format\":7}");
    let open = |prefix: &str| Etcd::builder(cluster.endpoints()).prefix(prefix);
    let error = refused(open("theirs")).await;
    assert!(matches!(error, ConnectError::PrefixInUse { .. }), "{error:?}");
    says(&error, &["`theirs`", "`theirs/config`", "choose another"]);
    says(&refused(open("odd")).await, &["`odd/v1/meta/store`"]);
    let error = refused(open("newer")).await;
    assert!(matches!(error, ConnectError::NewerFormat { found: 7, .. }), "{error:?}");
    works(&open("ours").connect().await.expect("beside them there is room")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_begin_a_store_together_begin_one() {
    let Some(cluster) = Cluster::single() else { return };
    for round in 0..10 {
        let mut replicas = JoinSet::new();
        for _ in 0..6 {
            let builder = Etcd::builder(cluster.endpoints()).prefix(format!("round{round}"));
            replicas.spawn(async move {
                let store = builder.connect().await.expect("a store");
                store.read(&[]).await.expect("an answer").0.store
            });
        }
        let stores = replicas.join_all().await;
        assert!(stores.iter().all(|store| *store == stores[0]), "{stores:?}");
    }
}

/// Certificates in a folder, as servers want them.
struct Certificates {
    folder: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Certificates {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("a name");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).expect("written");
        Self { folder, authority }
    }

    /// A certificate and its key, signed by the authority; good until a year.
    fn issue(&self, name: &str, until: i32) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_after = date_time_ymd(until, 1, 1);
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.authority).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    /// A server with a certificate for loopback.
    fn server(&self, until: i32, further: &[&str]) -> Option<Cluster> {
        let (certificate, key) = self.issue("127.0.0.1", until);
        let path = |name: &str| self.folder.path().join(name);
        let write = |path: &Path, text: &str| std::fs::write(path, text).expect("written");
        write(&path("server.pem"), &certificate);
        write(&path("server.key"), &key);
        let mut arguments = vec![
            format!("--cert-file={}", path("server.pem").display()),
            format!("--key-file={}", path("server.key").display()),
            format!("--trusted-ca-file={}", path("ca.pem").display()),
        ];
        arguments.extend(further.iter().map(ToString::to_string));
        Cluster::with(1, &Settings { arguments, tls: true })
    }

    fn builder(&self, cluster: &Cluster) -> EtcdBuilder {
        Etcd::builder(cluster.endpoints()).ca_certificate(self.authority.pem())
    }
}

async fn works(store: &Etcd) {
    let put = Operation::Put {
        key: Key::new("site", "a"),
        part: Part::Spec,
        value: "1".into(),
        expect: Expect::Anything,
    };
    let commit = store.commit(Transaction::of([put])).await;
    assert!(matches!(commit, Ok(Commit::Committed(_))), "{commit:?}");
    store
        .follow(trimtab_backend::Scope::All, None)
        .await
        .expect("a feed")
        .next()
        .await
        .expect("a first item");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_works_and_says_which_certificate_is_wrong() {
    let certificates = Certificates::new();
    let Some(cluster) = certificates.server(2100, &["--client-cert-auth=true"]) else { return };
    let (own, key) = certificates.issue("client", 2100);
    let builder = certificates.builder(&cluster);
    works(&builder.clone().client_certificate(own.clone(), key.clone()).connect().await.expect("TLS")).await;

    let error = refused(builder.clone()).await;
    says(&error, &["`client_certificate`"]);
    let error = refused(Etcd::builder(cluster.endpoints())).await;
    assert!(matches!(error, ConnectError::Tls { .. }), "{error:?}");
    says(&error, &["`ca_certificate`"]);
    let error =
        refused(builder.clone().client_certificate(own.clone(), key.clone()).server_name("other")).await;
    says(&error, &["`server_name`"]);
    let plain = format!("http://127.0.0.1:{}", cluster.port(0));
    says(&refused(Etcd::builder([plain])).await, &["`https://`"]);
    let garbled = refused(builder.client_certificate("none", key)).await;
    assert!(matches!(garbled, ConnectError::Endpoint { .. } | ConnectError::Tls { .. }), "{garbled:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_certificate_is_named_as_such() {
    let certificates = Certificates::new();
    let Some(cluster) = certificates.server(2020, &[]) else { return };
    let error = refused(certificates.builder(&cluster)).await;
    assert!(matches!(error, ConnectError::Tls { .. }), "{error:?}");
    says(&error, &["has expired", "clock"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_asked_of_a_server_without_it_says_so() {
    let Some(cluster) = Cluster::single() else { return };
    let secure = format!("https://127.0.0.1:{}", cluster.port(0));
    let error = refused(Etcd::builder([secure])).await;
    says(&error, &["`http://`"]);
}
