//! TLS: a certificate that is right, one that is not, and one that takes another's place.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use trimtab_http::{Api, Serving, Tls};
use trimtab_runtime::Manager;
use trimtab_store::{Memory, Store};

use crate::stage::{Stage, within};

pub(crate) struct Pair {
    certificate: rcgen::Certificate,
    key: rcgen::KeyPair,
}

impl Pair {
    pub(crate) fn until(year: i32) -> Self {
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap();
        parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        Self { certificate: parameters.self_signed(&key).unwrap(), key }
    }

    pub(crate) fn tls(&self) -> Tls {
        Tls::from_pem(self.certificate.pem().as_bytes(), self.key.serialize_pem().as_bytes()).unwrap()
    }
}

/// What a client that trusts this certificate alone is answered.
async fn asked(stage: &Stage, trusted: &Pair) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(&stage.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut text = String::new();
    // A server that says goodbye by closing the socket has said all.
    let _ = stream.read_to_string(&mut text).await;
    Ok(text)
}

async fn stage(tls: &Tls) -> Stage {
    let store = Store::open(Memory::new()).await.unwrap();
    let api = Api::builder(&store, &Manager::new().handle()).build();
    Stage::serve(store, api, |listener| Serving::tls(listener, tls)).await
}

#[tokio::test]
async fn a_certificate_is_shown_and_another_takes_its_place_while_it_is_served() {
    let (first, second) = (Pair::until(2060), Pair::until(2061));
    let tls = first.tls();
    let stage = stage(&tls).await;
    assert!(within("an answer", asked(&stage, &first)).await.unwrap().ends_with("ok"));
    assert!(within("a refusal", asked(&stage, &second)).await.is_err());
    tls.replace(second.certificate.pem().as_bytes(), second.key.serialize_pem().as_bytes()).unwrap();
    assert!(within("an answer", asked(&stage, &second)).await.unwrap().ends_with("ok"));
    assert!(within("a refusal", asked(&stage, &first)).await.is_err());
}

#[tokio::test]
async fn who_speaks_no_tls_is_not_answered_and_keeps_nobody_waiting() {
    let pair = Pair::until(2060);
    let stage = stage(&pair.tls()).await;
    let mut plain = stage.connect().await;
    plain.say("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let silent = stage.connect().await;
    assert!(within("an answer", asked(&stage, &pair)).await.unwrap().ends_with("ok"));
    assert!(plain.answer().await.is_none());
    drop(silent);
}

#[test]
fn what_is_no_certificate_or_no_key_or_of_another_is_refused_and_says_so() {
    let (one, other) = (Pair::until(2060), Pair::until(2060));
    let refused = |certificate: &str, key: &str| {
        Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err().to_string()
    };
    let (certificate, key) = (one.certificate.pem(), one.key.serialize_pem());
    assert!(refused("", &key).contains("holds no certificate"));
    assert!(refused(&certificate, "").contains("holds no key"));
    assert!(refused(&certificate, &other.key.serialize_pem()).contains("of another certificate"));
    let tls = one.tls();
    assert!(tls.replace(b"", b"").is_err());
    let year = 365 * 24 * 60 * 60;
    let expires = tls.expires().unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert!(
        expires > Duration::from_secs(90 * year) && expires < Duration::from_secs(91 * year),
        "{expires:?}"
    );
    let past = Pair::until(2001).tls().expires().unwrap();
    assert!(past < SystemTime::UNIX_EPOCH + Duration::from_secs(32 * year));
}
