//! Stores on other machines.

use super::super::model::Certificate;
use super::super::parse::Parsed;
use super::super::remote::{StoreTls, User};
use super::super::{Above, Level, Placement, StoreUrl};
use super::{above, parsed, read};

/// The tables that belong to etcd.
pub(in crate::config) const OF_ETCD: &str = r#"
[store]
url = "etcd://a:1,b/shop/trimtab"
[store.tls]
authority = "ca.pem"
certificate = "me.pem"
key = "me.key"
name = "etcd.internal"
[store.etcd]
user = "me"
password_file = "password"
[[controller]]
name = "sites"
kind = "site"
exec = ["./a"]
"#;

/// The tables that belong to Consul.
pub(in crate::config) const OF_CONSUL: &str = r#"
[store]
url = "consul://a,[::1]:1"
tls = {}
[store.consul]
token_file = "token"
datacenter = "dc1"
namespace = "team"
partition = "part"
[[controller]]
name = "sites"
kind = "site"
exec = ["./a"]
placement = "sharded"
"#;

#[test]
fn servers_of_a_store_are_read_with_what_belongs_to_them() {
    let (config, problems) = read(OF_ETCD);
    assert_eq!(problems, [""; 0]);
    let StoreUrl::Etcd(store) = &config.store else { panic!("{:?}", config.store) };
    let addresses: Vec<_> = store.servers.addresses().collect();
    assert_eq!(addresses, ["https://a:1", "https://b:2379"]);
    assert_eq!(store.servers.to_string(), "a:1,b:2379/shop/trimtab");
    let own = Certificate { certificate: "d/me.pem".into(), key: "d/me.key".into() };
    let name = Some("etcd.internal".into());
    assert_eq!(
        store.servers.tls,
        Some(StoreTls { authority: Some("d/ca.pem".into()), own: Some(own), name })
    );
    assert_eq!(store.user, Some(User { name: "me".into(), password_file: "d/password".into() }));
    assert_eq!(config.controllers[0].placement, Placement::Leader, "the default where others may share it");

    let (config, problems) = read(OF_CONSUL);
    assert_eq!(problems, [""; 0]);
    let StoreUrl::Consul(store) = &config.store else { panic!("{:?}", config.store) };
    let addresses: Vec<_> = store.servers.addresses().collect();
    assert_eq!(addresses, ["https://a:8501", "https://[::1]:1"]);
    assert_eq!((&store.servers.prefix[..], &store.servers.tls), ("trimtab", &Some(StoreTls::default())));
    assert_eq!(
        [&store.datacenter, &store.namespace, &store.partition].map(Option::as_deref),
        [Some("dc1"), Some("team"), Some("part")]
    );
    assert_eq!(store.token_file, Some("d/token".into()));
    assert_eq!(config.controllers[0].placement, Placement::Sharded);
}

#[test]
fn a_table_of_another_store_is_no_mistake_where_the_url_was_said_above_the_file() {
    let mut above = Above::default();
    above.flag("--store", "store.url", Some(&"memory:".to_owned()));
    let Parsed { config, problems, .. } = parsed(OF_ETCD, &above);
    assert_eq!(config.store, StoreUrl::Memory);
    let problems = problems.sorted();
    assert!(problems.iter().all(|problem| problem.level == Level::Warning), "{problems:?}");
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "warning: d/trimtab.toml:4: store.tls: belongs to a `url` that begins with `etcd://` or `consul://`, and this one begins with `memory:`; leave the table out, or change `url`",
            "warning: d/trimtab.toml:9: store.etcd: belongs to a `url` that begins with `etcd://`, and this one begins with `memory:`; leave the table out, or change `url`",
        ]
    );
}

#[test]
fn a_variable_may_set_what_lies_in_a_table_that_the_file_does_not_have() {
    let (above, _) = above(&[
        ("TRIMTAB_STORE_URL", "consul://a"),
        ("TRIMTAB_STORE_TLS_AUTHORITY", "ca.pem"),
        ("TRIMTAB_STORE_CONSUL_TOKEN_FILE", "/run/token"),
    ]);
    let Parsed { config, problems, .. } = parsed("", &above);
    assert_eq!(problems.sorted(), []);
    let StoreUrl::Consul(store) = config.store else { panic!("{:?}", config.store) };
    assert_eq!(store.token_file, Some("/run/token".into()));
    assert_eq!(store.servers.addresses().next().as_deref(), Some("https://a:8501"));
}
