//! Passwords, tokens and rights: wrong or missing at the start, taken away while the daemon runs, and given.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use trimtab_test_servers::{consul, etcd};

use super::health::{of_waiting, readyz};
use super::replica::Replica;

/// Writes a secret that only its owner may read.
fn secret(replica: &Replica, file: &str, text: &str) {
    replica.folder.write(file, text);
    std::fs::set_permissions(replica.folder.at(file), Permissions::from_mode(0o600)).unwrap();
}

/// An etcd that asks for users: `root` and `app`.
struct Guarded {
    cluster: etcd::Cluster,
    root: String,
}

impl Guarded {
    fn new() -> Option<Self> {
        let cluster = etcd::Cluster::single()?;
        for user in ["root", "app"] {
            cluster.call(0, "auth/user/add", &json!({ "name": user, "password": "the right one" }));
            cluster.call(0, "auth/role/add", &json!({ "name": user }));
            cluster.call(0, "auth/user/grant", &json!({ "user": user, "role": user }));
        }
        cluster.call(0, "auth/enable", &json!({}));
        let given =
            cluster.call(0, "auth/authenticate", &json!({ "name": "root", "password": "the right one" }));
        Some(Self { root: given["token"].as_str().unwrap().to_owned(), cluster })
    }

    fn range() -> (String, String) {
        (etcd::Cluster::encoded("shop/v1/"), etcd::Cluster::encoded("shop/v10"))
    }

    fn as_root(&self, path: &str, request: &Value) {
        self.cluster.call_as(&self.root, path, request).unwrap();
    }

    fn grant(&self) {
        let (key, range_end) = Self::range();
        let all = json!({ "permType": "READWRITE", "key": key, "range_end": range_end });
        self.as_root("auth/role/grant", &json!({ "name": "app", "perm": all }));
    }

    fn revoke(&self) {
        let (key, range_end) = Self::range();
        self.as_root("auth/role/revoke", &json!({ "role": "app", "key": key, "range_end": range_end }));
    }
}

#[tokio::test]
async fn a_wrong_password_and_missing_rights_in_etcd_are_told_and_waited_for() {
    let Some(guarded) = Guarded::new() else { return };
    let store = format!(
        "[store]\nurl = \"etcd://127.0.0.1:{}/shop\"\n[store.etcd]\nuser = \"app\"\npassword_file = \"password\"",
        guarded.cluster.port(0)
    );
    let replica = Replica::new("a", &store, "");
    secret(&replica, "password", "the wrong one\n");
    let daemon = replica.folder.start(&[]);
    let url = of_waiting(&daemon).await;
    readyz(&daemon, &url, 503, &["the server does not know this user with this password"]).await;

    secret(&replica, "password", "the right one\n");
    let missing = "the server said `etcdserver: permission denied`; the user needs to read `meta/`";
    readyz(&daemon, &url, 503, &[missing]).await;
    assert!(daemon.log().contains(missing), "{}", daemon.log());

    guarded.grant();
    assert_eq!(daemon.url().await, url);
    readyz(&daemon, &url, 200, &[]).await;
    replica.apply(&url, "one").await;
    assert_eq!(replica.by(&daemon, &url, "one").await, "a");

    guarded.revoke();
    readyz(&daemon, &url, 503, &[missing]).await;
    let status = replica.folder.trimtab(&["status", "--server", &url]).await.with_code(1);
    assert!(status.out.contains(missing), "{}", status.out);
    assert!(replica.ask(&url, &["get", "site"]).await.contains("one"), "nothing seems deleted");
    replica.folder.site("declared");
    let later = "entries: entries/declared.yaml:1: could not be applied, and is tried again: denied: ";
    readyz(&daemon, &url, 503, &[later]).await;

    guarded.grant();
    readyz(&daemon, &url, 200, &[]).await;
    assert_eq!(replica.by(&daemon, &url, "declared").await, "a");
    replica.apply(&url, "two").await;
    assert_eq!(replica.by(&daemon, &url, "two").await, "a");
    let told = [daemon.log(), daemon.printed(), replica.folder.trimtab(&["config", "show"]).await.out];
    assert!(told.iter().all(|told| !told.contains("the right one") && !told.contains("the wrong one")));
}

const MASTER: &str = "11111111-2222-3333-4444-555555555555";
const RIGHTS: &str = "key_prefix \"shop/v1/\" { policy = \"write\" }";

#[tokio::test]
async fn a_wrong_token_and_missing_rights_in_consul_are_told_and_waited_for() {
    let settings = consul::Settings { token: Some(MASTER.into()), ..consul::Settings::default() };
    let Some(cluster) = consul::Cluster::with(1, &settings) else { return };
    let store = format!(
        "[store]\nurl = \"consul://127.0.0.1:{}/shop\"\n[store.consul]\ntoken_file = \"token\"",
        cluster.port(0)
    );
    let replica = Replica::new("a", &store, "");
    let unknown = "99999999-2222-3333-4444-555555555555";
    secret(&replica, "token", &format!("{unknown}\n"));
    let daemon = replica.folder.start(&[]);
    let url = of_waiting(&daemon).await;
    readyz(&daemon, &url, 503, &["Consul does not know this token", "set a new one"]).await;

    cluster.policy("trimtab", "");
    let (_, token) = cluster.token("trimtab");
    secret(&replica, "token", &token);
    let missing = "give it `key_prefix \\\"PREFIX/v1/\\\" { policy = \\\"write\\\" }`";
    readyz(&daemon, &url, 503, &["denied: ", missing]).await;

    cluster.policy("trimtab", RIGHTS);
    assert_eq!(daemon.url().await, url);
    readyz(&daemon, &url, 200, &[]).await;
    replica.apply(&url, "one").await;
    assert_eq!(replica.by(&daemon, &url, "one").await, "a");

    cluster.policy("trimtab", "");
    readyz(&daemon, &url, 503, &["denied: "]).await;
    let status = replica.folder.trimtab(&["status", "--server", &url]).await.with_code(1);
    assert!(status.out.contains("denied: "), "{}", status.out);
    assert!(replica.ask(&url, &["get", "site"]).await.contains("one"), "nothing seems deleted");

    cluster.policy("trimtab", RIGHTS);
    readyz(&daemon, &url, 200, &[]).await;
    replica.apply(&url, "two").await;
    assert_eq!(replica.by(&daemon, &url, "two").await, "a");
    let told = [daemon.log(), daemon.printed(), replica.folder.trimtab(&["config", "show"]).await.out];
    assert!(told.iter().all(|told| !told.contains(unknown) && !told.contains(&token)));
}
