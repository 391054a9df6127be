//! What a library calls its parameters, as the file calls them.
//!
//! The errors of the stores name what their authors would call. An operator has the file, where the same has other names.

/// A parameter in a message, and the setting.
const NAMES: [(&str, &str); 7] = [
    ("`ca_certificate`", "`[store.tls] authority`"),
    ("`client_certificate`", "`[store.tls] certificate` and `key`"),
    ("`server_name`", "`[store.tls] name`"),
    ("`prefix`", "the path of `[store] url`"),
    ("`user`", "`[store.etcd] user`"),
    ("`https://`", "TLS (`[store.tls]`)"),
    ("`http://`", "no TLS (no `[store.tls]`)"),
];

/// The message as it is told to somebody who has the file before them.
pub(super) fn in_settings(what: &str) -> String {
    NAMES.iter().fold(what.to_owned(), |what, (parameter, setting)| what.replace(parameter, setting))
}
