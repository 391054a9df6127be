//! The tables of a controller: `[[controller]]`, and what lies within.

use super::{Presence, Rule, Setting, Shape, Table};

pub(super) static CONTROLLER: Table = Table {
    doc: "What makes the entries of a kind true, in all namespaces: a program that is run, or a webhook that is called, for each entry that changed.",
    settings: &[
        Setting {
            name: "name",
            shape: Shape::ControllerName,
            presence: Presence::Required,
            doc: "Unique in the file; 1 to 63 lower-case letters, digits and `-`, not beginning with `-`. Finalizers, conditions, metrics and log lines carry it.",
            example: "\"sites\"",
        },
        Setting {
            name: "kind",
            shape: Shape::Kind,
            presence: Presence::Required,
            doc: "The kind of entries that it reconciles.",
            example: "\"site\"",
        },
        Setting {
            name: "exec",
            shape: Shape::Command,
            presence: Presence::Absent("`webhook` says how it is reached"),
            doc: "Program and arguments; no shell looks at them. With a `/` the program is relative to the folder of the file, without one it is looked for on the PATH. A process is \
                  started for each run.",
            example: "[\"./write-site\", \"--fast\"]",
        },
        Setting {
            name: "webhook",
            shape: Shape::TextOr(&WEBHOOK),
            presence: Presence::Absent("`exec` says how it is reached"),
            doc: "A URL that is called for each run with the same document that a program is given.",
            example: "\"http://127.0.0.1:9000/reconcile\"",
        },
        Setting {
            name: "persistent",
            shape: Shape::Flag,
            presence: Presence::Default("false"),
            doc: "With `exec`: `workers` processes that live on, each given a line for a run and answering with a line.",
            example: "true",
        },
        Setting {
            name: "workers",
            shape: Shape::Whole(1, 1024),
            presence: Presence::Default("1"),
            doc: "How many runs at once; never two of one entry.",
            example: "4",
        },
        Setting {
            name: "timeout",
            shape: Shape::Duration,
            presence: Presence::Default("\"30s\""),
            doc: "How long a run may take; then it is ended, which is a failure.",
            example: "\"5m\"",
        },
        Setting {
            name: "backoff",
            shape: Shape::Table(&BACKOFF),
            presence: Presence::Absent("its defaults"),
            doc: "The delays of an entry that fails: doubled with each failure, shortened by up to a fifth by chance.",
            example: "{ base = \"1s\", max = \"1h\" }",
        },
        Setting {
            name: "resync",
            shape: Shape::Duration,
            presence: Presence::Absent("off"),
            doc: "Run every entry again after this long, shortened by up to a fifth by chance.",
            example: "\"1h\"",
        },
        Setting {
            name: "finalizer",
            shape: Shape::Flag,
            presence: Presence::Default("false"),
            doc: "Hold a deleted entry until it has been cleaned up after.",
            example: "true",
        },
        Setting {
            name: "env",
            shape: Shape::FreeTexts,
            presence: Presence::Default("{}"),
            doc: "Environment variables for programs. Not the place for secrets: pass those by file.",
            example: "{ MODE = \"fast\" }",
        },
        Setting {
            name: "pass_env",
            shape: Shape::Texts,
            presence: Presence::Default("[]"),
            doc: "Names of environment variables handed on from the daemon to programs.",
            example: "[\"SSL_CERT_FILE\"]",
        },
        Setting {
            name: "placement",
            shape: Shape::Choice(&["everywhere", "leader", "sharded"]),
            presence: Presence::Absent(
                "`everywhere` with `memory:` and `embedded:`, `leader` with `etcd://` and `consul://`",
            ),
            doc: "Which replicas run it, when several are on one store. `leader`: the one that holds the lease of the controller's name; the others stand by. `sharded`: all that have \
                  a controller of this name, each entry in one of them. `everywhere`: each runs every entry, for programs that only look.",
            example: "\"sharded\"",
        },
        Setting {
            name: "fairness",
            shape: Shape::Flag,
            presence: Presence::Default("false"),
            doc: "Entries that wait for a worker are taken in turn by namespace, so that a namespace with many changes holds up another one's by one run.",
            example: "true",
        },
        Setting {
            name: "watch",
            shape: Shape::Tables(&WATCH),
            presence: Presence::Absent("its own kind only"),
            doc: "Another kind whose changes matter.",
            example: "[{ kind = \"certificate\", references = \"/spec/certificates/*/name\" }]",
        },
    ],
    rules: &[Rule::OneOf(&["exec", "webhook"]), Rule::Needs("persistent", "exec")],
};

static BACKOFF: Table = Table {
    doc: "The delays of an entry that fails.",
    settings: &[
        Setting {
            name: "base",
            shape: Shape::Duration,
            presence: Presence::Default("\"100ms\""),
            doc: "After the first failure.",
            example: "\"1s\"",
        },
        Setting {
            name: "max",
            shape: Shape::Duration,
            presence: Presence::Default("\"5m\""),
            doc: "At most; not shorter than `base`.",
            example: "\"1h\"",
        },
    ],
    rules: &[],
};

static WEBHOOK: Table = Table {
    doc: "A webhook that wants more than a URL.",
    settings: &[
        Setting {
            name: "url",
            shape: Shape::WebhookUrl,
            presence: Presence::Required,
            doc: "`http://` or `https://`. Redirects are not followed.",
            example: "\"https://hooks.example.org/reconcile\"",
        },
        Setting {
            name: "token_file",
            shape: Shape::Path,
            presence: Presence::Absent("none is sent"),
            doc: "A file whose text is sent as `Authorization: Bearer`. Read again when it changes.",
            example: "\"hook-token\"",
        },
        Setting {
            name: "authority",
            shape: Shape::Path,
            presence: Presence::Absent("those of the system"),
            doc: "A PEM file of certificates to trust, in place of the system's.",
            example: "\"tls/authority.pem\"",
        },
    ],
    rules: &[],
};

static WATCH: Table = Table {
    doc: "Another kind whose changes matter: whom they wake is said by one of `references`, `owner` and `map`.",
    settings: &[
        Setting {
            name: "kind",
            shape: Shape::Kind,
            presence: Presence::Required,
            doc: "The kind that is watched.",
            example: "\"certificate\"",
        },
        Setting {
            name: "references",
            shape: Shape::Pointer,
            presence: Presence::Absent("`owner` or `map` says it"),
            doc: "A JSON pointer into the controller's own entries, `*` for each item of a list. A changed entry of `kind` runs the entries that name it there, in the same namespace, \
                  before or after the change.",
            example: "\"/spec/certificates/*/name\"",
        },
        Setting {
            name: "include",
            shape: Shape::Flag,
            presence: Presence::Default("true"),
            doc: "With `references`: give the program the whole entries; `false`: their names.",
            example: "false",
        },
        Setting {
            name: "owner",
            shape: Shape::Flag,
            presence: Presence::Default("false"),
            doc: "A changed entry of `kind` runs the entry that owns it; entries of `kind` that the program applies become its children.",
            example: "true",
        },
        Setting {
            name: "map",
            shape: Shape::Table(&MAP),
            presence: Presence::Absent("`references` or `owner` says it"),
            doc: "A program or webhook is given the entry before and after the change, and answers whom to run.",
            example: "{ exec = [\"./who\"] }",
        },
    ],
    rules: &[Rule::OneOf(&["references", "owner", "map"]), Rule::Needs("include", "references")],
};

static MAP: Table = Table {
    doc: "Whom a change wakes, said by a program or a webhook.",
    settings: &[
        Setting {
            name: "exec",
            shape: Shape::Command,
            presence: Presence::Absent("`webhook` says how it is reached"),
            doc: "Program and arguments, as for a controller.",
            example: "[\"./who\"]",
        },
        Setting {
            name: "webhook",
            shape: Shape::TextOr(&WEBHOOK),
            presence: Presence::Absent("`exec` says how it is reached"),
            doc: "A URL, or a table, as for a controller.",
            example: "\"http://127.0.0.1:9000/who\"",
        },
        Setting {
            name: "timeout",
            shape: Shape::Duration,
            presence: Presence::Default("\"10s\""),
            doc: "How long it may take; then it is ended, and asked again.",
            example: "\"2s\"",
        },
    ],
    rules: &[Rule::OneOf(&["exec", "webhook"])],
};
