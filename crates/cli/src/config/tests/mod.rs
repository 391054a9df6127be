//! What the file may say, and the message for everything it may not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::model::{Certificate, DeclaredKind};
use super::parse::{Parsed, parse};
use super::{Above, Carrier, Config, Follow, Level, Place, Placement, StoreUrl, exposure};

mod store;
mod wrong;

pub(in crate::config) use store::{OF_CONSUL, OF_ETCD};
pub(in crate::config) use wrong::WRONG;

pub(super) fn parsed(text: &str, above: &Above) -> Parsed {
    parse(Path::new("d/trimtab.toml"), Path::new("d"), text, above)
}

fn read(text: &str) -> (Config, Vec<String>) {
    let Parsed { config, problems, .. } = parsed(text, &Above::default());
    (config, problems.sorted().iter().map(ToString::to_string).collect())
}

/// Each setting that can stand beside the others.
pub(super) const WHOLE: &str = r#"
[store]
url = "embedded:keep"
history = "16MiB"
[http]
listen = "[::1]:0"
tokens = "tokens"
certificate = "c.pem"
key = "k.pem"
hosts = ["trimtab.example.org"]
[entries]
path = "declared"
watch = false
prune = true
[[kind]]
name = "site"
plural = "sites"
schema = "site.json"
[[controller]]
name = "sites"
kind = "site"
exec = ["./write-site", "-v"]
persistent = true
workers = 4
timeout = "5s"
backoff = { base = "10ms", max = "1m" }
resync = "1h"
finalizer = true
env = { MODE = "fast" }
pass_env = ["HOME_PAGE"]
placement = "leader"
fairness = true
[[controller.watch]]
kind = "certificate"
references = "/spec/certificates/*/name"
include = false
[[controller.watch]]
kind = "listing"
owner = true
[[controller.watch]]
kind = "zone"
map = { exec = ["./who"], timeout = "2s" }
[[controller.watch]]
kind = "zone"
map = { webhook = { url = "https://h/w", token_file = "t", authority = "a.pem" } }
[[controller]]
name = "hooked"
kind = "page"
webhook = "http://127.0.0.1:9000/reconcile"
[cluster]
name = "replica-1"
advertise = "http://10.0.0.1:7420/"
lease = "5s"
"#;

#[test]
fn every_field_is_read() {
    let (config, problems) = read(WHOLE);
    assert_eq!(problems, [""; 0]);
    assert_eq!(config.store, StoreUrl::Embedded(PathBuf::from("d/keep")));
    assert_eq!((config.history, config.http.listen.unwrap().port()), (16 << 20, 0));
    assert_eq!(config.http.tokens, Some("d/tokens".into()));
    let certificate = Certificate { certificate: "d/c.pem".into(), key: "d/k.pem".into() };
    assert_eq!(
        (config.http.certificate, config.http.hosts),
        (Some(certificate), vec!["trimtab.example.org".to_owned()])
    );
    assert_eq!(
        (config.entries.path.to_str(), config.entries.watch, config.entries.prune),
        (Some("d/declared"), false, true)
    );
    let DeclaredKind { plural, schema } = &config.kinds["site"];
    let schema = schema.as_ref().unwrap();
    assert_eq!(
        (plural.as_deref(), schema.path.to_str(), schema.line),
        (Some("sites"), Some("d/site.json"), 18)
    );
    let controller = &config.controllers[0];
    let Carrier::Persistent(command) = &controller.carrier else { panic!("{:?}", controller.carrier) };
    assert_eq!((command.words.join(" ").as_str(), command.line), ("./write-site -v", 22));
    assert_eq!((controller.workers, controller.timeout), (4, Duration::from_secs(5)));
    assert_eq!(
        (controller.backoff.base, controller.backoff.max),
        (Duration::from_millis(10), Duration::from_secs(60))
    );
    assert_eq!((controller.resync, controller.finalizer), (Some(Duration::from_secs(3600)), true));
    assert_eq!((controller.env["MODE"].as_str(), controller.pass_env[0].as_str()), ("fast", "HOME_PAGE"));
    assert_eq!((controller.placement, controller.fairness), (Placement::Leader, true));
    assert_eq!(
        (config.cluster.name.as_deref(), config.cluster.advertise.as_deref(), config.cluster.lease),
        (Some("replica-1"), Some("http://10.0.0.1:7420"), Duration::from_secs(5))
    );
    let pointer = "/spec/certificates/*/name".to_owned();
    assert_eq!(controller.watches[0].follow, Follow::References { pointer, include: false });
    assert_eq!(controller.watches[1].follow, Follow::Owner);
    let Follow::Map { carrier: Carrier::Exec(command), timeout } = &controller.watches[2].follow else {
        panic!("{:?}", controller.watches[2])
    };
    assert_eq!((command.words.join(" ").as_str(), *timeout), ("./who", Duration::from_secs(2)));
    let Follow::Map { carrier: Carrier::Webhook(hook), timeout } = &controller.watches[3].follow else {
        panic!("{:?}", controller.watches[3])
    };
    assert_eq!((hook.url.as_str(), *timeout), ("https://h/w", Duration::from_secs(10)));
    assert_eq!((&hook.token_file, &hook.authority), (&Some("d/t".into()), &Some("d/a.pem".into())));
    let Carrier::Webhook(hook) = &config.controllers[1].carrier else {
        panic!("{:?}", config.controllers[1])
    };
    assert_eq!(hook.url, "http://127.0.0.1:9000/reconcile");
}

#[test]
fn an_empty_file_has_the_documented_defaults() {
    let (config, problems) = read("");
    assert_eq!(problems, [""; 0]);
    assert_eq!(config.store, StoreUrl::Embedded(PathBuf::from("d/data")));
    assert_eq!((config.history, config.http.listen), (64 << 20, "127.0.0.1:7420".parse().ok()));
    assert_eq!((config.entries.watch, config.entries.prune), (true, false));
    let (config, problems) = read("[[controller]]\nname = \"a\"\nkind = \"b\"\nexec = [\"./c\"]\n");
    assert_eq!(problems, [""; 0]);
    let controller = &config.controllers[0];
    assert_eq!(
        (controller.workers, controller.timeout, controller.resync),
        (1, Duration::from_secs(30), None)
    );
    assert_eq!(
        (controller.backoff.base, controller.backoff.max),
        (Duration::from_millis(100), Duration::from_secs(300))
    );
    assert_eq!((controller.finalizer, controller.placement), (false, Placement::Everywhere));
}

#[test]
fn all_problems_are_told_at_once_with_line_field_and_what_was_probably_meant() {
    let (_, problems) = read(
        "[stroe]\nurl = \"memory:\"\n[entries]\nwatch = \"yes\"\n[[controller]]\nname = \"Sites\"\nkind = \"site\"\nexec = [\"./a\"]\nworkres = 4\ntimeout = \"30\"\n",
    );
    assert_eq!(
        problems,
        [
            "error: d/trimtab.toml:1: stroe: is not a field here; known are store, cluster, http, entries, kind, controller; did you mean `store`?",
            "error: d/trimtab.toml:4: entries.watch: must be true or false, not a text",
            "error: d/trimtab.toml:6: controller[0].name: `Sites` must be 1 to 63 lower-case letters, digits and `-`, not beginning with `-`",
            "error: d/trimtab.toml:9: controller[0].workres: is not a field here; known are name, kind, exec, webhook, persistent, workers, timeout, backoff, resync, finalizer, env, pass_env, placement, fairness, watch; did you mean `workers`?",
            "error: d/trimtab.toml:10: controller[0].timeout: `30` is not a duration: a whole number and `ms`, `s`, `m`, `h` or `d`, such as `30s`",
        ]
    );
}

#[test]
fn two_controllers_of_one_name_are_refused() {
    let one = "[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = [\"./a\"]\n";
    let (_, problems) = read(&one.repeat(2));
    assert_eq!(
        problems,
        [
            "error: d/trimtab.toml:6: controller[1].name: `a` is the name of another controller; give each its own"
        ]
    );
}

/// A base above the default of the most was refused, although nobody had said what the most is.
#[test]
fn a_base_that_is_longer_than_the_default_of_the_most_is_the_most() {
    let (config, problems) =
        read("[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = [\"./a\"]\nbackoff = { base = \"10m\" }");
    assert_eq!(problems, [""; 0]);
    assert_eq!(config.controllers[0].backoff.max, Duration::from_secs(600));
}

fn above(environment: &[(&str, &str)]) -> (Above, Vec<String>) {
    let owned = environment.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let (above, problems) = Above::of_environment(owned, &["TRIMTAB_SERVER"]);
    (above, problems.sorted().iter().map(ToString::to_string).collect())
}

#[test]
fn a_flag_stands_above_a_variable_and_that_above_the_file_and_the_file_above_the_default() {
    let (mut above, _) = above(&[
        ("TRIMTAB_STORE_URL", "embedded:of-variable"),
        ("TRIMTAB_HTTP_LISTEN", "127.0.0.1:2"),
        ("TRIMTAB_HTTP_HOSTS", "a.example, b.example"),
        ("TRIMTAB_ENTRIES_PRUNE", "true"),
        ("TRIMTAB_ENTRIES_PATH", ""),
    ]);
    above.flag("--listen", "http.listen", Some(&"127.0.0.1:3".to_owned()));
    above.flag("--store", "store.url", None);
    let text = "[store]\nurl = \"memory:\"\nhistory = \"16MiB\"\n[http]\nlisten = \"127.0.0.1:1\"\n[entries]\npath = \"p\"\n";
    let Parsed { config, problems, effective } = parsed(text, &above);
    assert_eq!(problems.sorted(), []);
    assert_eq!(config.store, StoreUrl::Embedded("d/of-variable".into()));
    assert_eq!(config.http.listen.unwrap().port(), 3);
    assert_eq!(config.http.hosts, ["a.example", "b.example"]);
    assert_eq!((config.entries.prune, config.entries.path.to_str()), (true, Some("d/p")));
    let place = |path: &str| effective.iter().find(|one| one.path == path).unwrap().place.to_string();
    assert_eq!(
        ["store.url", "store.history", "http.listen", "http.tokens", "entries.path", "entries.watch"]
            .map(place),
        ["TRIMTAB_STORE_URL", "trimtab.toml:3", "--listen", "default", "trimtab.toml:7", "default"]
    );
}

#[test]
fn what_a_variable_or_a_flag_says_wrong_is_told_with_its_name() {
    let (mut above, _) = above(&[("TRIMTAB_STORE_URL", "redis:x"), ("TRIMTAB_ENTRIES_WATCH", "yes")]);
    above.flag("--listen", "http.listen", Some(&"here".to_owned()));
    let problems: Vec<_> = parsed("", &above).problems.sorted().iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "error: --listen: http.listen: `here` is not an address and a port, such as `127.0.0.1:7420` or `[::1]:7420`, nor `off`",
            "error: TRIMTAB_ENTRIES_WATCH: entries.watch: must be true or false, not a text",
            "error: TRIMTAB_STORE_URL: store.url: `redis:x` is not a store: write `embedded:PATH`, `memory:`, `etcd://HOST:PORT/PREFIX` or `consul://HOST:PORT/PREFIX`",
        ]
    );
}

#[test]
fn a_variable_that_no_setting_has_is_warned_of() {
    let (_, problems) = above(&[("TRIMTAB_STORE_ULR", "memory:"), ("TRIMTAB_SERVER", "x"), ("OTHER", "y")]);
    assert_eq!(
        problems,
        [
            "warning: TRIMTAB_STORE_ULR: is set in the environment, and no such setting is known; did you mean `TRIMTAB_STORE_URL`?"
        ]
    );
}

#[test]
fn an_address_that_others_reach_wants_tokens_and_tokens_want_tls() {
    let exposed = |more: &str, allowed| {
        let (config, problems) = read(&format!("[http]\nlisten = \"0.0.0.0:7420\"\n{more}"));
        assert_eq!(problems, [""; 0]);
        exposure(&config, allowed).map(|problem| (problem.level, problem.text()))
    };
    let (level, text) = exposed("", false).unwrap();
    assert_eq!(level, Level::Error);
    assert!(
        text.starts_with("d/trimtab.toml:2: http.listen: `0.0.0.0:7420` can be reached from outside"),
        "{text}"
    );
    assert!(text.contains("trimtab token") && text.ends_with("or start with `--insecure`"), "{text}");
    assert_eq!(exposed("", true).unwrap().0, Level::Warning);
    let (level, text) = exposed("tokens = \"t\"", false).unwrap();
    assert_eq!((level, text.contains("without TLS")), (Level::Warning, true), "{text}");
    assert_eq!(exposed("tokens = \"t\"\ncertificate = \"c\"\nkey = \"k\"", false), None);
    assert!(exposure(&read("").0, false).is_none());
    assert_eq!(read("[http]\nlisten = \"off\"").0.http.listen_at, Place::Line(2));
}
