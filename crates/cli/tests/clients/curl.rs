//! curl: requests, and a watch that is cut by kill -9 of the daemon.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::daemon::Daemon;
use crate::has;

const NOTHING: &str = "[entries]\nwatch = false\n";

/// A watch that writes to a file, going on after this id.
fn watch(daemon: &Daemon, file: &Path, after: Option<&str>) -> Child {
    let url = format!("http://{}/v1/watch?kind=tick", daemon.address);
    let mut command = Command::new("curl");
    command.args(["-s", "--no-buffer", "--max-time", "120", "-o"]).arg(file).arg(url);
    if let Some(id) = after {
        command.args(["-H", &format!("Last-Event-ID: {id}")]);
    }
    command.stdin(Stdio::null()).spawn().unwrap()
}

/// The numbers that changes were told of, the last id, and whether there was a reset.
fn told(file: &Path) -> (Vec<usize>, Option<String>, bool) {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    // What is cut in the middle of an event was not told.
    let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
    let (mut numbers, mut last, mut reset) = (Vec::new(), None, false);
    for event in whole.split("\n\n") {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
        if let Some(id) = field("id:") {
            last = Some(id.to_owned());
        }
        match field("event:") {
            Some("change") => {
                let data: serde_json::Value = serde_json::from_str(field("data:").unwrap()).unwrap();
                let changes = data["changes"].as_array().unwrap();
                numbers.extend(
                    changes
                        .iter()
                        .map(|change| usize::try_from(change["new"]["spec"]["n"].as_u64().unwrap()).unwrap()),
                );
            }
            Some("reset") => reset = true,
            _ => {}
        }
    }
    (numbers, last, reset)
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    // Each turn starts a process, which takes a while; so these are some 30 s at least.
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        drop(Command::new("sleep").arg("0.01").status());
    }
    panic!("never came: {what}");
}

/// The daemon is killed while it answers and somebody writes. A client that comes back with the last id it saw must hear of every commit once, in order: what was committed while it was
/// away, and what comes.
#[test]
fn a_watch_goes_on_after_kill_9_without_gap_or_repeat() {
    if !has("curl", &["curl", "--version"]) {
        return;
    }
    let daemon = Daemon::start(NOTHING);
    let folder = tempfile::tempdir().unwrap();
    let (mut acknowledged, mut numbers, mut last) = (Vec::new(), Vec::new(), None::<String>);
    let rounds = 4;
    for round in 0..rounds {
        let file = folder.path().join(format!("{round}"));
        let mut curl = watch(&daemon, &file, last.as_deref());
        // What is there before the first watch is a snapshot, which has no changes.
        until("the beginning", || round > 0 || told(&file).1.is_some());
        let first = acknowledged.last().map_or(0, |last| last + 1) + 1;
        std::thread::scope(|scope| {
            // Writes until nobody answers any more; the last round has an end.
            let most = if round + 1 < rounds { usize::MAX } else { first + 100 };
            let daemon = &daemon;
            let writer = scope
                .spawn(move || (first..most).take_while(|number| daemon.tick(*number)).collect::<Vec<_>>());
            if round + 1 < rounds {
                until("some changes", || told(&file).0.len() > 50);
                daemon.kill();
            }
            acknowledged.extend(writer.join().unwrap());
        });
        if round + 1 == rounds {
            until("the last change", || told(&file).0.last() == acknowledged.last());
            daemon.kill();
        }
        curl.wait().unwrap();
        let (heard, id, reset) = told(&file);
        assert!(!reset, "round {round} begins anew");
        numbers.extend(heard);
        last = id.or(last);
        daemon.restart();
    }
    assert!(numbers.is_sorted_by(|a, b| a < b), "out of order, or twice: {numbers:?}");
    let untold: Vec<_> = acknowledged.iter().filter(|number| !numbers.contains(number)).collect();
    assert!(untold.is_empty(), "acknowledged, and never told: {untold:?}");
}

#[test]
fn what_curl_is_answered_is_what_http_means() {
    if !has("curl", &["curl", "--version"]) {
        return;
    }
    let daemon = Daemon::start(NOTHING);
    let ask = |arguments: &[&str], path: &str| {
        let mut command = Command::new("curl");
        command.args(["-s", "-w", "\n%{http_code} %{content_type}"]).args(arguments);
        let output = command.arg(format!("http://{}{path}", daemon.address)).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let json = "Content-Type: application/json";
    let spec = r#"{"kind":"tick","name":"a b","spec":{}}"#;
    let put = ask(&["-X", "PUT", "-H", json, "-d", spec], "/v1/entries/tick/a%20b");
    assert!(put.ends_with("\n201 application/json"), "{put}");
    let got = ask(&["--compressed"], "/v1/entries/tick/a%20b");
    assert!(got.contains(r#""name":"a b""#) && got.ends_with("\n200 application/json"), "{got}");
    let head = ask(&["-I"], "/v1/entries/tick/a%20b");
    assert!(head.to_lowercase().contains("etag: \""), "{head}");
    let none = ask(&[], "/v1/entries/tick/none");
    assert!(none.ends_with("\n404 application/problem+json"), "{none}");
    // The form that curl sends without being told otherwise, and that a web page can send too.
    let form = ask(&["-X", "PUT", "-d", spec], "/v1/entries/tick/c");
    assert!(form.ends_with("\n415 application/problem+json"), "{form}");
    // Too large for an argument.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("big");
    std::fs::write(&file, "x".repeat(2 << 20)).unwrap();
    let file = format!("@{}", file.display());
    let big = ask(&["-X", "PUT", "-H", json, "--data-binary", &file], "/v1/entries/tick/c");
    assert!(big.ends_with("\n413 application/problem+json"), "{big}");
}
