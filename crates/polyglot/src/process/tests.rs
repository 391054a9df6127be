//! Scripts that behave and scripts that do not.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use trimtab_seams::Seams;

use super::{About, Ended, Groups, How, RunFailed, Runner, Stay};
use crate::Program;
use crate::protocol::MOST_OUTPUT;

const SECOND: Duration = Duration::from_secs(1);

const ABOUT: About<'_> = About { controller: "sites", kind: "site", key: None };

fn shell(script: &str) -> Runner {
    let environment = BTreeMap::from([("PATH".to_owned(), std::env::var_os("PATH").unwrap_or_default())]);
    let arguments = vec!["-c".to_owned(), script.to_owned()];
    let (path, folder) = (PathBuf::from("/bin/sh"), std::env::temp_dir());
    Runner { program: Program { path, arguments, folder, environment }, groups: Groups::default() }
}

async fn run(script: &str, input: &str, time: Duration) -> Ended {
    shell(script).run(&Seams::tokio(), &ABOUT, input.into(), time, None, |_| {}).await.unwrap()
}

fn is_alive(pid: &str) -> bool {
    // A zombie has ended, whoever may still have to collect it.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn a_script_gets_its_input_and_only_the_environment_that_is_documented() {
    let ended =
        run("cat; echo; env | sort | grep -v '^_=\\|^PWD=\\|^SHLVL=\\|^OLDPWD='", "{\"a\":1}", 10 * SECOND)
            .await;
    let output = String::from_utf8(ended.output).unwrap();
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(ended.how, How::Exited(0));
    assert_eq!(lines[0], "{\"a\":1}");
    assert!(lines[1].starts_with("PATH="), "{lines:?}");
    assert_eq!(lines[2..], ["TRIMTAB_CONTROLLER=sites", "TRIMTAB_KIND=site"]);
}

#[tokio::test]
async fn its_code_and_its_last_words_are_told() {
    let ended = run("echo one >&2; echo two >&2; exit 65", "", 10 * SECOND).await;
    assert_eq!((ended.how, ended.last_words.as_str()), (How::Exited(65), "one\ntwo"));
    assert_eq!(run("kill -SEGV $$", "", 10 * SECOND).await.how, How::Signalled(11));
}

#[tokio::test]
async fn a_script_that_reads_nothing_does_not_hang_on_a_large_input() {
    let input = "x".repeat(1 << 20);
    assert_eq!(run("exit 0", &input, 10 * SECOND).await.how, How::Exited(0));
}

#[tokio::test]
async fn output_beyond_the_bound_ends_the_script() {
    let ended = run("yes", "", 10 * SECOND).await;
    assert_eq!((ended.how, ended.output.len()), (How::TooMuchOutput, MOST_OUTPUT));
}

#[tokio::test]
async fn a_script_past_its_time_is_ended_with_all_it_forked() {
    let seams = Seams::tokio();
    let before = seams.now();
    let ended = run("sleep 600 & echo $!; sleep 600", "", SECOND / 5).await;
    assert_eq!(ended.how, How::TimedOut);
    assert!(seams.now() - before < 5 * SECOND);
    assert!(!is_alive(String::from_utf8_lossy(&ended.output).trim()));
}

#[tokio::test]
async fn a_script_that_ignores_the_request_to_end_is_made_to() {
    let ended = run("trap '' TERM; echo $$; while :; do sleep 1; done", "", SECOND / 5).await;
    assert_eq!(ended.how, How::TimedOut);
    assert!(!is_alive(String::from_utf8_lossy(&ended.output).trim()));
}

#[tokio::test]
async fn a_child_that_outlives_the_script_is_ended_and_what_it_holds_open_is_not_waited_for() {
    let seams = Seams::tokio();
    let before = seams.now();
    let ended = run("sleep 600 & echo $!", "", 60 * SECOND).await;
    assert_eq!(ended.how, How::Exited(0));
    assert!(seams.now() - before < 5 * SECOND);
    assert!(!is_alive(String::from_utf8_lossy(&ended.output).trim()));
}

#[tokio::test]
async fn a_run_that_is_cancelled_ends_its_script() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script =
        format!("echo $$ > {}.new; mv {}.new {}; sleep 600", file.display(), file.display(), file.display());
    let (seams, program) = (Seams::tokio(), shell(&script));
    let pid = {
        let mut running = std::pin::pin!(program.run(&seams, &ABOUT, Vec::new(), 600 * SECOND, None, |_| {}));
        loop {
            tokio::select! {
                _ = &mut running => panic!("it sleeps for ten minutes"),
                () = seams.sleep(Duration::from_millis(5)) => {}
            }
            if let Ok(pid) = std::fs::read_to_string(&file) {
                break pid;
            }
        }
    };
    let deadline = seams.now() + 5 * SECOND;
    while is_alive(pid.trim()) {
        assert!(seams.now() < deadline, "the script outlived its run");
        seams.sleep(Duration::from_millis(5)).await;
    }
}

/// A script that took its time to end was still at work when its key ran again, here or in another replica. guarantees Q-b, L-c, L-d
#[tokio::test]
async fn a_run_that_is_cancelled_is_over_when_its_script_is() {
    let folder = tempfile::tempdir().unwrap();
    let (begun, ended) = (folder.path().join("begun"), folder.path().join("ended"));
    // Nobody reads its standard error any more then, where a shell tells which of its children was killed.
    let script = format!(
        "exec 2>/dev/null; trap 'sleep 0.3; echo > {}; exit' TERM; echo > {}; while :; do sleep 0.01; done",
        ended.display(),
        begun.display()
    );
    let (seams, program) = (Seams::tokio(), shell(&script));
    let (stay, over) = Stay::new();
    tokio::select! {
        _ = program.run(&seams, &ABOUT, Vec::new(), 600 * SECOND, Some(&stay), |_| {}) => panic!("it goes on for ever"),
        () = async {
            while !begun.exists() {
                seams.sleep(Duration::from_millis(5)).await;
            }
        } => {}
    }
    drop(stay);
    assert!(!ended.exists());
    over.await;
    assert!(ended.exists() && program.groups.are_gone());
}

#[tokio::test]
async fn a_cancelled_script_that_ends_when_asked_is_not_waited_for_longer() {
    let (seams, program) = (Seams::tokio(), shell("exec sleep 600"));
    tokio::select! {
        _ = program.run(&seams, &ABOUT, Vec::new(), 600 * SECOND, None, |_| {}) => panic!("it sleeps for ten minutes"),
        () = seams.sleep(Duration::from_millis(50)) => {}
    }
    let cancelled = seams.now();
    while !program.groups.are_gone() {
        seams.sleep(Duration::from_millis(5)).await;
    }
    assert!(seams.now() - cancelled < Duration::from_millis(1500));
}

#[tokio::test]
async fn a_script_that_was_being_started_when_all_were_killed_is_killed_too() {
    let program = shell("exec sleep 600");
    assert_eq!(program.groups.kill_all(), 0);
    let ended = program.run(&Seams::tokio(), &ABOUT, Vec::new(), 60 * SECOND, None, |_| {}).await.unwrap();
    assert_eq!(ended.how, How::Signalled(9));
}

#[tokio::test]
async fn a_program_that_cannot_be_started_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script");
    std::fs::write(&file, "echo no interpreter\n").unwrap();
    let mut program = shell("");
    program.program.path.clone_from(&file);
    let start = async |program: &Runner| {
        let failed =
            program.run(&Seams::tokio(), &ABOUT, Vec::new(), SECOND, None, |_| {}).await.unwrap_err();
        assert!(matches!(failed, RunFailed::Start { .. }));
        failed.to_string()
    };
    assert!(start(&program).await.contains("`chmod +x`"));
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert!(start(&program).await.contains("must begin with `#!`"));
    std::fs::remove_file(&file).unwrap();
    assert!(start(&program).await.contains("is not there"));
}
