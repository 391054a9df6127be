//! What a script finds in its environment.
//!
//! A script that inherits the daemon's environment works on one machine and not on the next, and sees secrets that were meant for the daemon. So it gets
//! what is named here and nothing else: secrets are passed by file.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::config::Controller;

/// Handed on from the daemon where it has them.
const HANDED_ON: [&str; 3] = ["PATH", "HOME", "TZ"];
/// Where programs are looked for when the daemon has no PATH itself.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What every run of a controller has: PATH, HOME, TZ, LANG, then `pass_env`, then `env`; of two with one name the later stands. `of_daemon` is the daemon's own.
pub(super) fn standing(
    controller: &Controller,
    of_daemon: impl Fn(&str) -> Option<OsString>,
) -> BTreeMap<String, OsString> {
    let mut variables =
        BTreeMap::from([("PATH".to_owned(), DEFAULT_PATH.into()), ("LANG".to_owned(), "C.UTF-8".into())]);
    let passed = controller.pass_env.iter().map(String::as_str);
    for name in HANDED_ON.into_iter().chain(passed) {
        variables.extend(of_daemon(name).map(|value| (name.to_owned(), value)));
    }
    variables.extend(controller.env.iter().map(|(name, value)| (name.clone(), value.into())));
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_documented_is_handed_on_and_the_file_has_the_last_word() {
        let controller = Controller {
            env: [("MODE".to_owned(), "fast".to_owned()), ("TZ".to_owned(), "UTC".to_owned())].into(),
            pass_env: vec!["TOKEN_FILE".into(), "ABSENT".into()],
            ..Controller::example("sites", "site")
        };
        let daemon = [("PATH", "/opt/bin"), ("TZ", "CET"), ("TOKEN_FILE", "/run/t"), ("SECRET", "s")];
        let found = standing(&controller, |name| {
            daemon.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        });
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.to_str())).collect();
        assert_eq!(
            found,
            [
                ("LANG", Some("C.UTF-8")),
                ("MODE", Some("fast")),
                ("PATH", Some("/opt/bin")),
                ("TOKEN_FILE", Some("/run/t")),
                ("TZ", Some("UTC")),
            ]
        );
    }

    #[test]
    fn a_daemon_without_a_path_still_gives_one() {
        let found = standing(&Controller::example("sites", "site"), |_| None);
        assert_eq!(found.get("PATH"), Some(&DEFAULT_PATH.into()));
    }
}
