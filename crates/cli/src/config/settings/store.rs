//! `[store]`, and the tables of the servers that it names.

use super::{Presence, Rule, Setting, Shape, Table};

pub(super) static STORE: Table = Table {
    doc: "Where entries are kept.",
    settings: &[
        Setting {
            name: "url",
            shape: Shape::StoreUrl,
            presence: Presence::Default("\"embedded:data\""),
            doc: "`embedded:PATH`: a durable store in a directory, one process at a time. `memory:`: gone at the end of the process. `etcd://HOST:PORT,HOST:PORT/PREFIX` and \
                  `consul://HOST:PORT,HOST:PORT/PREFIX`: a store that several machines share. Servers are asked in this order, the next when one fails; ports are 2379 and 8500 (8501 \
                  with TLS), the prefix is `trimtab` where none is given. Users, passwords and tokens stand in tables of their own.",
            example: "\"embedded:/var/lib/trimtab\"",
        },
        Setting {
            name: "history",
            shape: Shape::Size,
            presence: Presence::Default("\"64MiB\""),
            doc: "Of `embedded:` only: how many bytes of commits are kept for those who follow; at least 1,000 commits are. `KiB`, `MiB`, `GiB`.",
            example: "\"256MiB\"",
        },
        Setting {
            name: "tls",
            shape: Shape::Table(&STORE_TLS),
            presence: Presence::Absent("without TLS"),
            doc: "TLS to the servers of `etcd://` and `consul://`.",
            example: "{ authority = \"tls/store-authority.pem\" }",
        },
        Setting {
            name: "etcd",
            shape: Shape::Table(&STORE_ETCD),
            presence: Presence::Absent("nobody's name"),
            doc: "As whom etcd is asked.",
            example: "{ user = \"trimtab\", password_file = \"etcd.password\" }",
        },
        Setting {
            name: "consul",
            shape: Shape::Table(&STORE_CONSUL),
            presence: Presence::Absent("no token"),
            doc: "As whom Consul is asked.",
            example: "{ token_file = \"consul.token\" }",
        },
    ],
    rules: &[],
};

static STORE_TLS: Table = Table {
    doc: "TLS to the servers of `etcd://` and `consul://`: with this table, also an empty one, it is used, without it not. The files are read at each connecting.",
    settings: &[
        Setting {
            name: "authority",
            shape: Shape::Path,
            presence: Presence::Absent("those of the system"),
            doc: "A PEM file of the certificates that the servers' are signed by.",
            example: "\"tls/store-authority.pem\"",
        },
        Setting {
            name: "certificate",
            shape: Shape::Path,
            presence: Presence::Absent("none is shown"),
            doc: "A PEM file: the certificate that the servers are shown, and its chain.",
            example: "\"tls/store-client.pem\"",
        },
        Setting {
            name: "key",
            shape: Shape::Path,
            presence: Presence::Absent("none"),
            doc: "A PEM file: the private key of the certificate.",
            example: "\"tls/store-client.key\"",
        },
        Setting {
            name: "name",
            shape: Shape::Word,
            presence: Presence::Absent("that in `url`"),
            doc: "The name in the servers' certificates, where it is not the one in `url`.",
            example: "\"etcd.internal\"",
        },
    ],
    rules: &[Rule::Needs("certificate", "key"), Rule::Needs("key", "certificate")],
};

static STORE_ETCD: Table = Table {
    doc: "Of `etcd://` only: as whom etcd is asked.",
    settings: &[
        Setting {
            name: "user",
            shape: Shape::Word,
            presence: Presence::Absent("nobody, or the client certificate's"),
            doc: "A user of etcd. It needs to read `PREFIX/v1/meta/` and to read and write `PREFIX/v1/e/`, `PREFIX/v1/i/` and `PREFIX/v1/w/`; whoever starts first also to write \
                  `PREFIX/v1/meta/`.",
            example: "\"trimtab\"",
        },
        Setting {
            name: "password_file",
            shape: Shape::Path,
            presence: Presence::Absent("none"),
            doc: "A file that holds the user's password, and a line end at most.",
            example: "\"etcd.password\"",
        },
    ],
    rules: &[Rule::Needs("user", "password_file"), Rule::Needs("password_file", "user")],
};

static STORE_CONSUL: Table = Table {
    doc: "Of `consul://` only: as whom Consul is asked, and for what.",
    settings: &[
        Setting {
            name: "token_file",
            shape: Shape::Path,
            presence: Presence::Absent("none is sent"),
            doc: "A file that holds the secret id of an ACL token. It needs `key_prefix \"PREFIX/v1/\" { policy = \"write\" }`.",
            example: "\"consul.token\"",
        },
        Setting {
            name: "datacenter",
            shape: Shape::ConsulName,
            presence: Presence::Absent("the agent's own"),
            doc: "The datacentre that holds the store.",
            example: "\"dc1\"",
        },
        Setting {
            name: "namespace",
            shape: Shape::ConsulName,
            presence: Presence::Absent("the token's own"),
            doc: "The namespace of Consul Enterprise that holds the store. It has nothing to do with those of entries.",
            example: "\"team\"",
        },
        Setting {
            name: "partition",
            shape: Shape::ConsulName,
            presence: Presence::Absent("the agent's own"),
            doc: "The admin partition of Consul Enterprise that holds the store. It has nothing to do with those of entries.",
            example: "\"part\"",
        },
    ],
    rules: &[],
};
