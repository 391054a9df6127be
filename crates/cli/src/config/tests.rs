//! What the file may say, and the message for everything it may not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::parse::parse;
use super::{Config, Follow, Placement, StoreUrl};

fn read(text: &str) -> (Config, Vec<String>) {
    let (config, problems) = parse(Path::new("d/trimtab.toml"), Path::new("d"), text);
    (config, problems.sorted().iter().map(ToString::to_string).collect())
}

const WHOLE: &str = r#"
[store]
url = "embedded:keep"
history = "16MiB"
[http]
listen = "[::1]:0"
[entries]
path = "declared"
watch = false
prune = true
[[kind]]
name = "site"
plural = "sites"
[[controller]]
name = "sites"
kind = "site"
exec = ["./write-site", "-v"]
workers = 4
timeout = "5s"
backoff = { base = "10ms", max = "1m" }
resync = "1h"
finalizer = true
env = { MODE = "fast" }
pass_env = ["HOME_PAGE"]
placement = "leader"
[[controller.watch]]
kind = "certificate"
references = "/spec/certificates/*/name"
include = false
[[controller.watch]]
kind = "listing"
owner = true
"#;

#[test]
fn every_field_is_read() {
    let (config, problems) = read(WHOLE);
    assert_eq!(problems, [""; 0]);
    assert_eq!(config.store, StoreUrl::Embedded(PathBuf::from("d/keep")));
    assert_eq!((config.history, config.listen.port()), (16 << 20, 0));
    assert_eq!(
        (config.entries.path.to_str(), config.entries.watch, config.entries.prune),
        (Some("d/declared"), false, true)
    );
    assert_eq!(config.kinds["site"].as_deref(), Some("sites"));
    let controller = &config.controllers[0];
    assert_eq!(controller.exec, ["./write-site", "-v"]);
    assert_eq!((controller.workers, controller.timeout), (4, Duration::from_secs(5)));
    assert_eq!(
        (controller.backoff.base, controller.backoff.max),
        (Duration::from_millis(10), Duration::from_secs(60))
    );
    assert_eq!((controller.resync, controller.finalizer), (Some(Duration::from_secs(3600)), true));
    assert_eq!((controller.env["MODE"].as_str(), controller.pass_env[0].as_str()), ("fast", "HOME_PAGE"));
    assert_eq!(controller.placement, Placement::Leader);
    let pointer = "/spec/certificates/*/name".to_owned();
    assert_eq!(controller.watches[0].follow, Follow::References { pointer, include: false });
    assert_eq!(controller.watches[1].follow, Follow::Owner);
}

#[test]
fn an_empty_file_has_the_documented_defaults() {
    let (config, problems) = read("");
    assert_eq!(problems, [""; 0]);
    assert_eq!(config.store, StoreUrl::Embedded(PathBuf::from("d/data")));
    assert_eq!((config.history, config.listen.to_string()), (64 << 20, "127.0.0.1:7420".into()));
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
            "error: d/trimtab.toml:1: stroe: is not a field here; known are store, http, entries, kind, controller; did you mean `store`?",
            "error: d/trimtab.toml:4: entries.watch: must be true or false, not a text",
            "error: d/trimtab.toml:6: controller[0].name: `Sites` must be 1 to 63 lower-case letters, digits and `-`, not beginning with `-`",
            "error: d/trimtab.toml:9: controller[0].workres: is not a field here; known are name, kind, webhook, exec, workers, timeout, backoff, resync, finalizer, env, pass_env, placement, watch; did you mean `workers`?",
            "error: d/trimtab.toml:10: controller[0].timeout: `30` is not a duration: a whole number and `ms`, `s`, `m`, `h` or `d`, such as `30s`",
        ]
    );
}

/// Each wrong text, and a part of the message it must get.
const WRONG: [(&str, &str); 20] = [
    ("[store]\nurl = \"redis:x\"", "`redis:x` is not a store"),
    ("[store]\nurl = \"etcd://a:1/p\"", "`etcd` stores are not in this version"),
    ("[store]\nhistory = \"64MB\"", "not a size"),
    ("[http]\nlisten = \"0.0.0.0:80\"", "can be reached from outside"),
    ("[http]\nlisten = \"here\"", "not an address and a port"),
    ("store = 1", "store: must be a table, not a number"),
    ("controller = 1", "write `[[controller]]`"),
    ("controller = [1]", "controller[0]: must be a table"),
    ("[[controller]]\nkind = \"a\"\nexec = [\"./a\"]", "controller[0].name: is missing"),
    ("[[controller]]\nname = \"a\"\nkind = \"a\"", "controller[0].exec: is missing"),
    ("[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = []", "must name a program"),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = \"./a\"",
        "must be a list of texts in quotes, not a text",
    ),
    ("[[controller]]\nname = \"a\"\nkind = \"a\"\nwebhook = \"http://x\"", "is not in this version"),
    (
        "[[controller]]\nname = \"a\"\nkind = \"A\"\nexec = [\"./a\"]",
        "kind: `A` must begin with a lower-case letter",
    ),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = [\"./a\"]\nworkers = 0",
        "workers: is 0, but must be from 1 to 1024",
    ),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = [\"./a\"]\nbackoff = { base = \"2s\", max = \"1s\" }",
        "must not be longer than `max`",
    ),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = [\"./a\"]\nplacement = \"sharded\"",
        "`sharded` is not in this version",
    ),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = [\"./a\"]\n[[controller.watch]]\nkind = \"b\"",
        "either `references",
    ),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = [\"./a\"]\n[[controller.watch]]\nkind = \"b\"\nreferences = \"spec.x\"",
        "not a pointer into the spec",
    ),
    ("a = ", "d/trimtab.toml:1: "),
];

#[test]
fn each_wrong_value_has_a_message_of_its_own() {
    let (_, mistyped) = read("[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = \"./a\"");
    assert_eq!(mistyped.len(), 1, "what is there is not told to be missing: {mistyped:?}");
    for (text, wanted) in WRONG {
        let (_, problems) = read(text);
        assert!(problems.iter().any(|problem| problem.contains(wanted)), "{text}\n{problems:#?}");
    }
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
