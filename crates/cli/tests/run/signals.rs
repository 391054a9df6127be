//! Being told to stop.

use rustix::process::Signal;

use super::stage::{Daemon, Folder, is_alive};

/// A daemon whose script runs until a file is there, or for ever.
async fn running(script: &str) -> (Folder, Daemon) {
    let folder = Folder::of_sites(script, "");
    folder.site("blog");
    let daemon = folder.start(&[]);
    daemon.until("the script runs", || !folder.read("pid").is_empty()).await;
    (folder, daemon)
}

const UNTIL_GO: &str = "echo $$ > pid; while [ ! -e go ]; do sleep 0.02; done; echo done > done";

/// behaviour C14
#[tokio::test]
async fn the_first_signal_lets_a_running_script_finish() {
    for signal in [Signal::TERM, Signal::INT] {
        let (folder, daemon) = running(UNTIL_GO).await;
        daemon.signal(signal);
        daemon.logs("stopping; once more to stop at once").await;
        folder.write("go", "");
        daemon.ended().await.with_code(0);
        assert_eq!(folder.read("done"), "done\n");
    }
}

#[tokio::test]
async fn the_second_signal_ends_everything_at_once() {
    let (folder, daemon) = running("trap '' TERM; echo $$ > pid; while :; do sleep 0.02; done").await;
    daemon.signal(Signal::TERM);
    daemon.logs("stopping; once more to stop at once").await;
    daemon.signal(Signal::INT);
    let ended = daemon.ended().await.with_code(1);
    ended.logged("error: stopped at once; running scripts were killed: 1\n");
    assert!(!is_alive(&folder.read("pid")));
}

#[tokio::test]
async fn an_idle_daemon_stops_at_the_first_signal() {
    let folder = Folder::of_sites("exit 0", "");
    let daemon = folder.start(&[]);
    daemon.says("sites  ready  0 entries").await;
    daemon.signal(Signal::TERM);
    daemon.ended().await.with_code(0);
}

#[tokio::test]
async fn a_run_until_settled_that_is_stopped_has_not_settled() {
    let folder = Folder::of_sites(UNTIL_GO, "");
    folder.site("blog");
    let daemon = folder.start(&["--until-settled"]);
    daemon.until("the script runs", || !folder.read("pid").is_empty()).await;
    daemon.signal(Signal::TERM);
    folder.write("go", "");
    daemon.ended().await.with_code(1).logged("error: stopped before all was settled\n");
}
