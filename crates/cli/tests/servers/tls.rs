//! Certificates of the store: ended, of an authority that is not trusted, for another name.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;
use trimtab_test_servers::{consul, etcd};

use super::health::{of_waiting, readyz};
use super::replica::Replica;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes a certificate that is good until a year, and its key.
    fn issue(&self, folder: &TempDir, name: &str, until: i32) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        // The key first: with the old certificate it is none, and then the server keeps what it has.
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(folder.path().join("certificate.pem"), certificate.pem()).unwrap();
    }
}

#[tokio::test]
async fn an_ended_certificate_and_a_wrong_authority_of_etcd_are_told_and_waited_for() {
    let (authority, folder) = (Authority::new(), TempDir::new().unwrap());
    authority.issue(&folder, "127.0.0.1", 2100);
    let file = |name: &str| folder.path().join(name).display().to_string();
    let arguments =
        vec![format!("--cert-file={}", file("certificate.pem")), format!("--key-file={}", file("key.pem"))];
    let Some(cluster) = etcd::Cluster::with(1, &etcd::Settings { arguments, tls: true }) else { return };
    let store = format!(
        "[store]\nurl = \"etcd://127.0.0.1:{}\"\ntls = {{ authority = \"ca.pem\" }}",
        cluster.port(0)
    );
    let replica = Replica::new("a", &store, "");
    replica.folder.write("ca.pem", &Authority::new().0.pem());
    let daemon = replica.folder.start(&[]);
    let url = of_waiting(&daemon).await;
    readyz(&daemon, &url, 503, &["no TLS connection to `https://127.0.0.1:", "with `[store.tls] authority`"])
        .await;

    authority.issue(&folder, "127.0.0.1", 2020);
    replica.folder.write("ca.pem", &authority.0.pem());
    let ended = "the certificate has expired: renew it, or set the clock of this machine right";
    readyz(&daemon, &url, 503, &[ended]).await;
    assert!(daemon.log().contains(ended), "{}", daemon.log());

    authority.issue(&folder, "127.0.0.1", 2100);
    assert_eq!(daemon.url().await, url);
    replica.apply(&url, "one").await;
    assert_eq!(replica.by(&daemon, &url, "one").await, "a");
}

#[tokio::test]
async fn a_wrong_authority_of_consul_is_told_and_a_certificate_may_have_another_name() {
    let (authority, folder) = (Authority::new(), TempDir::new().unwrap());
    authority.issue(&folder, "server.dc1.consul", 2100);
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.0.pem()).unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let hcl = format!(
        r#"tls {{ defaults {{ ca_file = "{}" cert_file = "{}" key_file = "{}" verify_incoming = false }} }}"#,
        ca.display(),
        file("certificate.pem"),
        file("key.pem")
    );
    let settings = consul::Settings { hcl: vec![hcl], tls: true, ..consul::Settings::default() };
    let Some(cluster) = consul::Cluster::with(1, &settings) else { return };
    let address = cluster.endpoint_tls(0).replace("https://", "");
    let store = |more: &str| {
        format!("[store]\nurl = \"consul://{address}\"\ntls = {{ authority = \"ca.pem\"{more} }}")
    };

    let unnamed = Replica::new("unnamed", &store(""), "");
    unnamed.folder.write("ca.pem", &authority.0.pem());
    let replica = Replica::new("a", &store(", name = \"server.dc1.consul\""), "");
    replica.folder.write("ca.pem", &Authority::new().0.pem());
    let (waiting, daemon) = (unnamed.folder.start(&[]), replica.folder.start(&[]));
    let named = "use a name that the certificate has, or give it as `[store.tls] name`";
    readyz(&waiting, &of_waiting(&waiting).await, 503, &[named]).await;
    let url = of_waiting(&daemon).await;
    readyz(&daemon, &url, 503, &["give the PEM of its authority (`[store.tls] authority`)"]).await;

    replica.folder.write("ca.pem", &authority.0.pem());
    assert_eq!(daemon.url().await, url);
    replica.apply(&url, "one").await;
    assert_eq!(replica.by(&daemon, &url, "one").await, "a");
}
