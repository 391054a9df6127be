//! What scripts inherit, and what they do not.

use tokio::process::Command;

use super::stage::{Daemon, Folder};

#[tokio::test]
async fn a_script_has_three_descriptors_a_closed_umask_and_only_the_environment_that_is_documented() {
    let script = "for fd in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || echo $fd; done > fds; umask > mask; env > environment; pwd > place";
    let folder = Folder::of_sites(script, "env = { MODE = \"fast\" }\npass_env = [\"HANDED_ON\"]\n");
    folder.site("blog");
    // A descriptor that the shell which starts the daemon has left open.
    let mut command = Command::new("/bin/sh");
    let start = "exec 7</dev/null; exec \"$0\" run \"$1\" --until-settled";
    command.arg("-c").arg(start).arg(env!("CARGO_BIN_EXE_trimtab")).arg(folder.path());
    command.env("HANDED_ON", "yes").env("SECRET", "s");
    Daemon::start(command).ended().await.with_code(0);

    assert!(folder.has("fds"));
    assert_eq!(folder.read("fds"), "");
    assert_eq!(folder.read("mask").trim(), "0077");
    let environment = folder.read("environment");
    let has = |line: &str| environment.lines().any(|has| has == line);
    assert!(
        has("MODE=fast") && has("HANDED_ON=yes") && has("LANG=C.UTF-8") && has("TRIMTAB_NAME=blog"),
        "{environment}"
    );
    assert!(!environment.contains("SECRET"), "{environment}");
    let place = std::fs::canonicalize(folder.path()).unwrap();
    assert_eq!(folder.read("place").trim(), place.to_str().unwrap());
}
