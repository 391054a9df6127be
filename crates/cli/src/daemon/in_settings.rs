//! What a library calls its parameters, as the file calls them.
//!
//! The errors of the stores name what their authors would call. An operator has the file, where the same has other names.

/// A parameter in a message, and the setting. Words that may be somebody's prefix or user stand with what is around them.
const NAMES: [(&str, &str); 8] = [
    ("`ca_certificate`", "`[store.tls] authority`"),
    ("`client_certificate`", "`[store.tls] certificate` and `key`"),
    ("`server_name`", "`[store.tls] name`"),
    ("another with `prefix`", "another as the path of `[store] url`"),
    ("another `prefix`", "another as the path of `[store] url`"),
    ("set one with `user`", "set one with `[store.etcd] user`"),
    ("`https://`", "TLS (`[store.tls]`)"),
    ("`http://`", "no TLS (no `[store.tls]`)"),
];

/// The message as it is told to somebody who has the file before them.
pub(super) fn in_settings(what: &str) -> String {
    NAMES.iter().fold(what.to_owned(), |what, (parameter, setting)| what.replace(parameter, setting))
}

#[cfg(test)]
mod tests {
    use trimtab::{consul, etcd};

    use super::*;

    #[test]
    fn a_parameter_is_told_as_its_setting_and_a_prefix_of_the_same_name_is_not() {
        let taken =
            etcd::ConnectError::PrefixInUse { prefix: "user".into(), key: "user/a".into(), what: "is there" };
        assert_eq!(
            in_settings(&taken.to_string()),
            "the prefix `user` is in use by something else: `user/a` is there; choose another as the path of `[store] url`, or remove what is there"
        );
        let what = "`prefix/a` is there".into();
        let taken = consul::ConnectError::PrefixInUse { prefix: "prefix".into(), what };
        assert!(
            in_settings(&taken.to_string()).contains("`prefix` is in use by something that is not Trimtab's")
        );
        assert!(in_settings(&taken.to_string()).contains("give another as the path of `[store] url`"));
        let endpoint = "http://a:1".to_owned();
        let other = etcd::ConnectError::NotEtcd { endpoint, what: "?".into() };
        let told = in_settings(&other.to_string());
        assert!(
            told.contains("`http://a:1`") && told.ends_with("and whether it wants TLS (`[store.tls]`)"),
            "{told}"
        );
    }
}
