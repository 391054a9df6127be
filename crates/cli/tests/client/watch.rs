//! `trimtab watch`.

use std::net::TcpListener;

use rustix::process::Signal;

use super::at::{At, serve};
use super::stage::Folder;

#[tokio::test]
async fn what_is_there_and_what_becomes_of_it_are_told_until_it_is_interrupted() {
    let folder = Folder::new(
        "[store]\nurl = \"memory:\"\n[entries]\nprune = true\n[[controller]]\nname = \"sites\"\nkind = \"site\"\nexec = [\"true\"]\n",
    );
    folder.site("blog");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("1 reconciled").await;
    let at = At::new(&url);
    let all = at.start(&["watch", "sites"]);
    all.says("\texists\tsite/blog\t1\n").await;
    let one = at.start(&["watch", "site/docs"]);
    let position = at.trimtab("get sites -o json").await.out;
    folder.site("docs");
    all.says("\tcreated\tsite/docs\t1\n").await;
    folder.write("entries/docs.yaml", "kind: site\nname: docs\nspec: {n: 2}\n");
    all.says("\tchanged\tsite/docs\t2\n").await;
    folder.remove("entries/docs.yaml");
    all.says("\tdeleted\tsite/docs\t-\n").await;
    one.says("\tdeleted\tsite/docs\t-\n").await;
    assert!(!one.printed().contains("blog"), "{}", one.printed());

    let list: serde_json::Value = serde_json::from_str(&position).unwrap();
    let later = at.start(&["watch", "sites", "--from", list["position"].as_str().unwrap(), "-o", "table"]);
    later.says("  deleted   site/docs  -\n").await;
    let words: Vec<_> =
        later.printed().lines().map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect();
    assert_eq!(words, ["created", "changed", "deleted"], "{}", later.printed());
    for (client, signal) in [(all, Signal::INT), (one, Signal::TERM), (later, Signal::INT)] {
        client.signal(signal);
        let ended = client.ended().await.with_code(0);
        assert_eq!(ended.err, "");
    }
    at.trimtab("watch stie").await.with_code(3).logged("did you mean `site`?");
    at.trimtab("watch sites --from yesterday").await.with_code(2).logged("`yesterday` is not a position");
}

/// The names that were told, and the events that are no changes.
fn told(printed: &str) -> (Vec<String>, Vec<String>) {
    let (mut names, mut others) = (Vec::new(), Vec::new());
    for line in printed.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        if event["event"] == "change" {
            assert_eq!(event["id"], event["data"]["position"]);
            let changes = event["data"]["changes"].as_array().unwrap();
            names.extend(changes.iter().map(|change| change["name"].as_str().unwrap().to_owned()));
        } else {
            others.push(event["event"].as_str().unwrap().to_owned());
        }
    }
    (names, others)
}

#[tokio::test]
async fn a_watch_goes_on_after_kill_9_without_gap_or_repeat() {
    let folder = Folder::new("[store]\nurl = \"embedded:data\"\n[[kind]]\nname = \"tick\"\n");
    // A port that is free now, and that it can come back to.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let tick = |name: &str| {
        folder.write(&format!("entries/{name}.yaml"), &format!("kind: tick\nname: {name}\nspec: {{}}\n"));
    };
    let (mut daemon, url) = serve(&folder, &["--listen", &address]).await;
    let watch = At::new(&url).start(&["watch", "ticks", "-o", "json"]);
    watch.says("end-of-snapshot").await;
    let mut wanted = Vec::new();
    for round in 0..3 {
        let live = format!("live{round}");
        tick(&live);
        watch.says(&format!("\"{live}\"")).await;
        daemon.signal(Signal::KILL);
        daemon.ended().await;
        let away = format!("away{round}");
        tick(&away);
        daemon = serve(&folder, &["--listen", &address]).await.0;
        watch.says(&format!("\"{away}\"")).await;
        wanted.extend([live, away]);
    }
    watch.signal(Signal::INT);
    let ended = watch.ended().await.with_code(0);
    let (names, others) = told(&ended.out);
    assert_eq!(names, wanted);
    assert!(others.iter().all(|event| event == "progress" || event == "end-of-snapshot"), "{others:?}");
    assert!(ended.err.contains("trying again in"), "{}", ended.err);
    assert_eq!(ended.err.matches("connected again\n").count(), 3, "{}", ended.err);
}
