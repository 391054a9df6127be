//! More entries than a page has.

use super::at::{At, serve};
use super::stage::Folder;

const ENTRIES: usize = 10_000;

#[tokio::test]
async fn ten_thousand_entries_are_one_list_and_a_reader_may_stop_when_it_has_seen_enough() {
    let folder = Folder::new("[store]\nurl = \"memory:\"\n");
    let all: Vec<_> = (0..ENTRIES)
        .map(|number| {
            format!("{{\"kind\":\"tick\",\"name\":\"t{number:05}\",\"spec\":{{\"n\":{number}}}}}\n")
        })
        .collect();
    folder.write("entries/all.json", &all.concat());
    let (daemon, url) = serve(&folder, &[]).await;
    let at = At::new(&url);
    let mut status = String::new();
    while !status.contains(&format!("{ENTRIES} entries")) {
        daemon.rest().await;
        status = at.trimtab("status").await.out;
    }
    let names = at.trimtab("get ticks -o name").await.with_code(0).out;
    let wanted: Vec<_> = (0..ENTRIES).map(|number| format!("tick/t{number:05}\n")).collect();
    assert!(names == wanted.concat(), "{} lines", names.lines().count());
    let list: serde_json::Value =
        serde_json::from_str(&at.trimtab("get ticks -o json").await.with_code(0).out).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), ENTRIES);
    assert!(list.get("continue").is_none());

    let mut command = tokio::process::Command::new("sh");
    let script = "{ \"$0\" get ticks -o json --server \"$1\"; echo \"ended with $?\" >&2; } | head -c 1";
    command.args(["-c", script, env!("CARGO_BIN_EXE_trimtab"), &url]);
    let ended = super::stage::Daemon::start(command).ended().await.with_code(0);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("{\n", "ended with 0\n"));
}
