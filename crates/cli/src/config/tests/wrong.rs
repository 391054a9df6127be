//! What the file may not say, and the message for each.

use super::read;

/// A controller of `exec`, and more in its table.
macro_rules! a {
    ($more:literal) => {
        concat!("[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = [\"./a\"]\n", $more)
    };
}

/// Each wrong text, and a part of the message it must get.
pub(in crate::config) const WRONG: [(&str, &str); 51] = [
    ("[store]\nurl = \"redis:x\"", "`redis:x` is not a store"),
    ("[store]\nurl = \"etcd://a:1//p\"", "has the prefix `/p`, which must be names"),
    ("[store]\nurl = \"etcd://me:hidden@a:1/p\"", "a user or password in a URL would be told in logs"),
    (
        "[store]\nurl = \"etcd://a:1\"\n[store.etcd]\nuser = \"me\"",
        "store.etcd.user: is of use only beside `password_file`",
    ),
    (
        "[store]\nurl = \"etcd://a:1\"\n[store.etcd]\nuser = \"a b\"\npassword_file = \"p\"",
        "store.etcd.user: `a b` must be one word",
    ),
    ("[store]\nurl = \"etcd://a:1\"\ntls = true", "store.tls: must be a table, not true or false"),
    (
        "[store]\nurl = \"etcd://a:1\"\ntls = { key = \"k\" }",
        "store.tls.key: is of use only beside `certificate`",
    ),
    (
        "[store]\nurl = \"consul://a\"\n[store.consul]\ndatacenter = \"a b\"",
        "`a b` must be a name of letters",
    ),
    (
        "[store]\nurl = \"consul://a\"\n[store.consul]\ntoken = \"t\"",
        "store.consul.token: is not a field here; known are token_file",
    ),
    ("[cluster]\nname = \"-a\"", "cluster.name: `-a` must be 1 to 128 letters, digits"),
    ("[cluster]\nadvertise = \"10.0.0.1:7420\"", "is no URL of an API; write it as `http://10.0.0.7:7420`"),
    ("[cluster]\nadvertise = \"http://a/b\"", "`http://a/b` is no URL of an API"),
    ("[cluster]\nlease = \"10\"", "cluster.lease: `10` is not a duration"),
    ("[store]\nhistory = \"64MB\"", "not a size"),
    ("[http]\nlisten = \"here\"", "not an address and a port"),
    (
        "[http]\nlisten = 7420",
        "http.listen: must be an address and a port in quotes, or `\"off\"`, not a number",
    ),
    (
        "[http]\ncertificate = \"c\"",
        ":2: http.certificate: is of use only beside `key`; give that too, or leave this out",
    ),
    ("[http]\nkey = \"k\"", "http.key: is of use only beside `certificate`"),
    ("[http]\nhosts = \"a\"", "http.hosts: must be a list of texts in quotes, not a text"),
    ("[http]\ntokens = \"\"", "http.tokens: is empty; name a path"),
    ("[[kind]]\nplural = \"a\"", "kind[0].name: is missing: `name = \"site\"`"),
    ("[[kind]]\nname = \"a\"\nschema = 1", "kind[0].schema: must be a path in quotes, not a number"),
    ("store = 1", "store: must be a table, not a number"),
    ("controller = 1", "write `[[controller]]`"),
    ("controller = [1]", "controller[0]: must be a table"),
    ("[[controller]]\nkind = \"a\"\nexec = [\"./a\"]", "controller[0].name: is missing"),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"",
        ":1: controller[0]: must have one of `exec = [\"./write-site\", \"--fast\"]`, `webhook = \"http://127.0.0.1:9000/reconcile\"`",
    ),
    ("[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = []", "must name a program"),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nexec = \"./a\"",
        "must be a list of texts in quotes (program and arguments), not a text",
    ),
    (
        a!("webhook = \"http://x\""),
        ":5: controller[0].webhook: is one of exec, webhook, of which only one may be given",
    ),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nwebhook = \"x\"",
        "controller[0].webhook.url: `x` is not a URL",
    ),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nwebhook = 5",
        "controller[0].webhook: must be a URL in quotes, or a table, not a number",
    ),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nwebhook = { token_file = \"t\" }",
        "controller[0].webhook.url: is missing",
    ),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nwebhook = \"http://x\"\npersistent = true",
        "controller[0].persistent: is of use only beside `exec`",
    ),
    (
        "[[controller]]\nname = \"a\"\nkind = \"A\"\nexec = [\"./a\"]",
        "kind: `A` must begin with a lower-case letter",
    ),
    (a!("workers = 0"), "workers: is 0, but must be from 1 to 1024"),
    (a!("workers = -4"), "workers: is -4, but must be from 1 to 1024"),
    (a!("workers = 1025"), "workers: is 1025, but must be from 1 to 1024"),
    (a!("timeout = \"0s\""), "timeout: `0s` must be longer than nothing"),
    (a!("placement = \"shared\""), "`shared` is not a placement: write `everywhere`, `leader` or `sharded`"),
    (a!("env = { A = 1 }"), "controller[0].env: `A` must be a text in quotes, not a number"),
    (a!("[[controller.watch]]\nkind = \"b\""), ":5: controller[0].watch[0]: must have one of `references = "),
    (a!("[[controller.watch]]\nkind = \"b\"\nowner = false"), "must have one of `references = "),
    (
        a!("[[controller.watch]]\nkind = \"b\"\nowner = true\nreferences = \"/spec/x\""),
        "is one of references, owner, map, of which only one may be given",
    ),
    (
        a!("[[controller.watch]]\nkind = \"b\"\nowner = true\ninclude = true"),
        "include: is of use only beside `references`",
    ),
    (a!("[[controller.watch]]\nkind = \"b\"\nreferences = \"spec.x\""), "not a pointer into the spec"),
    (a!("[[controller.watch]]\nkind = \"b\"\nreferences = \"/spec/a~2\""), "not a pointer into the spec"),
    (
        a!("[[controller.watch]]\nkind = \"b\"\nmap = { timeout = \"1s\" }"),
        "controller[0].watch[0].map: must have one of `exec = ",
    ),
    (
        a!("[[controller.watch]]\nkind = \"b\"\nmap = { exec = [\"a\"], webhook = \"http://x\" }"),
        "map.webhook: is one of exec, webhook",
    ),
    (
        a!("[[controller.watch]]\nkind = \"b\"\nmap = { exec = [\"a\"], persistent = true }"),
        "map.persistent: is not a field here; known are exec, webhook, timeout",
    ),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nwebhook = { url = \"http://x\", token = \"t\" }",
        "webhook.token: is not a field here; known are url, token_file, authority",
    ),
];

/// What no schema can say.
const WRONG_BEYOND_A_SCHEMA: [(&str, &str); 11] = [
    (a!("backoff = { base = \"2s\", max = \"1s\" }"), "must not be longer than `max`"),
    (
        "[[controller]]\nname = \"a\"\nkind = \"a\"\nwebhook = \"http://u:p@x/\"",
        "holds a user name or password",
    ),
    ("[[kind]]\nname = \"a\"\n[[kind]]\nname = \"a\"", "kind[1]: `a` is declared twice"),
    ("a = ", "d/trimtab.toml:1: "),
    ("[store]\nurl = \"etcd://a:99999/p\"", "has the port `99999`, which must be from 1 to 65535"),
    (
        "[store]\nurl = \"consul://a\"\n[store.etcd]",
        "d/trimtab.toml:3: store.etcd: belongs to a `url` that begins with `etcd://`, and this one begins with `consul://`",
    ),
    (
        "[store]\nurl = \"etcd://a\"\n[store.consul]",
        "store.consul: belongs to a `url` that begins with `consul://`",
    ),
    (
        "[store.tls]",
        "store.tls: belongs to a `url` that begins with `etcd://` or `consul://`, and this one begins with `embedded:`",
    ),
    ("[cluster]\nlease = \"500ms\"", "cluster.lease: `500ms` must be from 1s to 1h"),
    ("[cluster]\nlease = \"2h\"", "cluster.lease: `2h` must be from 1s to 1h"),
    ("[cluster]\nadvertise = \"http://0.0.0.0:7420\"", "`0.0.0.0` is no address at which others reach"),
];

#[test]
fn each_wrong_value_has_one_message_of_its_own() {
    for (text, wanted) in WRONG.iter().chain(&WRONG_BEYOND_A_SCHEMA) {
        let (_, problems) = read(text);
        assert!(problems.iter().any(|problem| problem.contains(wanted)), "{text}\n{problems:#?}");
        assert_eq!(problems.len(), 1, "what is there is not told to be missing: {text}\n{problems:#?}");
    }
}
