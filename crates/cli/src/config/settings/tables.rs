//! The tables of the daemon itself: `[cluster]`, `[http]`, `[entries]`, `[[kind]]`.

use super::controller::CONTROLLER;
use super::store::STORE;
use super::{Presence, Rule, Setting, Shape, Table};

/// The file.
pub(crate) static ROOT: Table = Table {
    doc: "What the daemon does in a folder. Paths are relative to the folder of this file. Durations are a whole number and `ms`, `s`, `m`, `h` or `d`. The file is \
          read at start; when it changes the log says once \"restart to apply\".",
    settings: &[
        Setting {
            name: "store",
            shape: Shape::Table(&STORE),
            presence: Presence::Absent("its defaults"),
            doc: "Where entries are kept.",
            example: "{ url = \"embedded:data\" }",
        },
        Setting {
            name: "cluster",
            shape: Shape::Table(&CLUSTER),
            presence: Presence::Absent("its defaults"),
            doc: "This replica among others.",
            example: "{ name = \"replica-1\" }",
        },
        Setting {
            name: "http",
            shape: Shape::Table(&HTTP),
            presence: Presence::Absent("its defaults"),
            doc: "Where the HTTP API is served, and to whom.",
            example: "{ listen = \"127.0.0.1:7420\" }",
        },
        Setting {
            name: "entries",
            shape: Shape::Table(&ENTRIES),
            presence: Presence::Absent("its defaults"),
            doc: "The folder of files that say what should be.",
            example: "{ path = \"entries\" }",
        },
        Setting {
            name: "kind",
            shape: Shape::Tables(&KIND),
            presence: Presence::Absent("any kind is welcome"),
            doc: "A kind of entries.",
            example: "[{ name = \"site\", plural = \"sites\" }]",
        },
        Setting {
            name: "controller",
            shape: Shape::Tables(&CONTROLLER),
            presence: Presence::Absent("nothing is run"),
            doc: "What makes entries of a kind true.",
            example: "[{ name = \"sites\", kind = \"site\", exec = [\"./write-site\"] }]",
        },
    ],
    rules: &[],
};

static CLUSTER: Table = Table {
    doc: "This replica among others on one store of `etcd://` or `consul://`.",
    settings: &[
        Setting {
            name: "name",
            shape: Shape::ReplicaName,
            presence: Presence::Absent("the host's name and a random suffix"),
            doc: "What this replica is called, unique among those on the store: 1 to 128 letters, digits, `.`, `_` and `-`, beginning with a letter or a digit.",
            example: "\"replica-1\"",
        },
        Setting {
            name: "advertise",
            shape: Shape::ApiUrl,
            presence: Presence::Absent("where it listens, when that is not every address of the machine"),
            doc: "The URL at which others reach the API of this replica. It is told to who asks another replica for what only this one knows.",
            example: "\"http://10.0.0.1:7420\"",
        },
        Setting {
            name: "lease",
            shape: Shape::Duration,
            presence: Presence::Default("\"10s\""),
            doc: "How long a replica that has fallen silent is waited for before others take over, from `1s` to `1h`. Shorter takes over faster, and is lost over a shorter pause of \
                  the machine or the store. All replicas should have the same.",
            example: "\"5s\"",
        },
    ],
    rules: &[],
};

static HTTP: Table = Table {
    doc: "The HTTP API, which the command line uses too. It is served from before the first entry is applied until the last script has ended; by `trimtab run --until-settled` only \
          when `--listen` is given.",
    settings: &[
        Setting {
            name: "listen",
            shape: Shape::Listen,
            presence: Presence::Default("\"127.0.0.1:7420\""),
            doc: "Address and port; port 0: any that is free. `off`: nothing is served. An address that others can reach demands `tokens`, or `trimtab run --insecure`.",
            example: "\"[::1]:7420\"",
        },
        Setting {
            name: "tokens",
            shape: Shape::Path,
            presence: Presence::Absent("everybody who reaches it may do everything"),
            doc: "A file of bearer tokens, a line for each: `ROLE SHA256 NAME`, where the role is `read` or `write`; `trimtab token` writes such lines. Only its owner may read it \
                  (`chmod 600`). It is read again when it changes. While it is missing, or others can read it, nobody gets in.",
            example: "\"tokens\"",
        },
        Setting {
            name: "certificate",
            shape: Shape::Path,
            presence: Presence::Absent("without TLS"),
            doc: "A PEM file: the certificate for TLS, and its chain. Read again when it changes.",
            example: "\"tls/certificate.pem\"",
        },
        Setting {
            name: "key",
            shape: Shape::Path,
            presence: Presence::Absent("without TLS"),
            doc: "A PEM file: the private key of the certificate.",
            example: "\"tls/key.pem\"",
        },
        Setting {
            name: "hosts",
            shape: Shape::Texts,
            presence: Presence::Default("[]"),
            doc: "Host names by which the API may be asked for, beside addresses and `localhost`. Others are refused, so that no web page reaches it by a name of its own.",
            example: "[\"trimtab.example.org\"]",
        },
    ],
    rules: &[Rule::Needs("certificate", "key"), Rule::Needs("key", "certificate")],
};

static ENTRIES: Table = Table {
    doc: "The folder of files that say what should be. They win at start and when a file changes, and only then.",
    settings: &[
        Setting {
            name: "path",
            shape: Shape::Path,
            presence: Presence::Default("\"entries\""),
            doc: "The folder, with its subfolders; it need not exist.",
            example: "\"declared\"",
        },
        Setting {
            name: "watch",
            shape: Shape::Flag,
            presence: Presence::Default("true"),
            doc: "Apply a file again when it changes; `false`: at start only.",
            example: "false",
        },
        Setting {
            name: "prune",
            shape: Shape::Flag,
            presence: Presence::Default("false"),
            doc: "Delete entries that came from this folder and are no longer declared in it. Never those of another origin; never while a file cannot be read, or the folder is not there.",
            example: "true",
        },
    ],
    rules: &[],
};

static KIND: Table = Table {
    doc: "A kind of entries. As soon as there is one, kinds are a closed set: a controller, watch or entry of another kind is an error.",
    settings: &[
        Setting {
            name: "name",
            shape: Shape::Kind,
            presence: Presence::Required,
            doc: "The kind: 1 to 63 lower-case letters, digits, `.` and `-`, beginning with a letter.",
            example: "\"site\"",
        },
        Setting {
            name: "plural",
            shape: Shape::Text,
            presence: Presence::Absent("none"),
            doc: "Another word for it, told by `GET /v1/kinds`.",
            example: "\"sites\"",
        },
        Setting {
            name: "schema",
            shape: Shape::Path,
            presence: Presence::Absent("any spec"),
            doc: "A file that holds a JSON Schema. Every spec of the kind must match it, whoever writes it; what is stored already stays. References within the file only.",
            example: "\"schemas/site.json\"",
        },
    ],
    rules: &[],
};
