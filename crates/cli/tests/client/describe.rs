//! `trimtab describe` and `trimtab queue`: why a key is where it is.

use super::at::{At, serve};
use super::stage::{Daemon, Folder};

/// A site whose script fails, with what it says.
async fn failing() -> (Folder, Daemon, At) {
    let folder = Folder::new(
        "[store]\nurl = \"memory:\"\n[[controller]]\nname = \"sites\"\nkind = \"site\"\nexec = [\"./script\"]\nfinalizer = true\nbackoff = { base = \"1h\", max = \"1h\" }\n",
    );
    folder.script("script", "echo no space left >&2; exit 3");
    folder.write("entries/blog.yaml", "kind: site\nname: blog\nlabels: {tier: web}\nspec: {port: 443}\n");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("1 failing").await;
    (folder, daemon, At::new(&url))
}

#[tokio::test]
async fn a_description_tells_what_it_is_what_failed_and_when_it_runs_next() {
    let (_folder, _daemon, at) = failing().await;
    let out = at.trimtab("describe site blog").await.with_code(0).out;
    for wanted in [
        "Entry:        site/blog\n",
        "Labels:       tier=web\n",
        "Generation:   1 (spec at index ",
        "Finalizers:   trimtab/sites (of controller sites)\n",
        "Spec:\n  port: 443\n",
        "Status:       none yet\n",
        "  sites: failing for ",
        "after 1 failure; next run in ",
        "    last error: ",
        "no space left",
        "LAST RUNS",
        "failed",
        "site/blog",
    ] {
        assert!(out.contains(wanted), "{wanted:?} is not in:\n{out}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&at.trimtab("describe sites/blog -o json").await.with_code(0).out).unwrap();
    assert_eq!(json["controllers"][0]["key"]["state"], "failing");
    let yaml = at.trimtab("describe sites/blog -o yaml").await.with_code(0).out;
    assert!(yaml.contains("\nentry:\n") && yaml.contains("    port: 443\n"), "{yaml}");
    let none = at.trimtab("describe site none").await.with_code(3);
    assert_eq!((none.out.as_str(), none.err.lines().count()), ("", 1), "{}", none.err);
}

#[tokio::test]
async fn a_deletion_that_is_held_tells_by_whom() {
    let (folder, daemon, at) = failing().await;
    let deleted = ask(&at, "DELETE", "/v1/entries/site/blog", "").await;
    assert!(deleted.starts_with("HTTP/1.1 202"), "{deleted}");
    let out = at.trimtab("describe site blog").await.with_code(0).out;
    assert!(out.contains("Deleting:     for "), "{out}");
    assert!(out.contains("trimtab/sites (of controller sites; holds the deletion)"), "{out}");
    drop((folder, daemon));
}

#[tokio::test]
async fn the_queue_tells_every_key_and_why() {
    let (_folder, _daemon, at) = failing().await;
    let out = at.trimtab("queue").await.with_code(0).out;
    let rows: Vec<_> = out.lines().map(|line| line.split('\t').collect::<Vec<_>>()).collect();
    assert_eq!(rows[0], ["CONTROLLER", "KEY", "NAMESPACE", "STATE", "SINCE", "NEXT RUN", "FAILURES", "WHY"]);
    assert_eq!((rows.len(), &rows[1][..4]), (2, &["sites", "site/blog", "default", "failing"][..]), "{out}");
    // The delay has its jitter.
    assert!(rows[1][5].starts_with("in ") && rows[1][5].ends_with(" min"), "{out}");
    assert_eq!(rows[1][6], "1");
    assert!(rows[1][7].contains("no space left"), "{out}");
    assert_eq!(at.trimtab("queue sites --state failing,running").await.with_code(0).out.lines().count(), 2);
    let none = at.trimtab("queue sites --state running").await.with_code(0);
    assert_eq!((none.out.as_str(), none.err.as_str()), ("", "no key of sites is running\n"));
    let json: serde_json::Value =
        serde_json::from_str(&at.trimtab("queue sites -o json").await.with_code(0).out).unwrap();
    assert_eq!((&json["total"], &json["items"][0]["state"]), (&1.into(), &"failing".into()));
    let wrong = at.trimtab("queue stes").await.with_code(3);
    assert_eq!(wrong.err, "error: there is no controller `stes`\n  did you mean `sites`?\n");
    at.trimtab("queue banana").await.with_code(3).logged("`trimtab status` lists them");
}

/// One request, not by the command line.
pub(crate) async fn ask(at: &At, method: &str, path: &str, body: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = at.url().split_once("://").unwrap().1;
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Story: a key that its script had put off stood in the queue without a word of why, and a kind of which there was no entry at present was said not to exist although a
/// controller watched it.
#[tokio::test]
async fn what_was_put_off_says_why_and_a_kind_that_is_only_watched_is_known() {
    let more = "[[controller.watch]]\nkind = \"listing\"\nowner = true\n";
    let folder = Folder::of_sites(
        "echo 'the disk is being made' >&2; echo '{\"requeue_after\": \"1h\"}'; exit 75",
        more,
    );
    folder.site("blog");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.logs("the disk is being made").await;
    let at = At::new(&url);
    let wanted = "asked to be run again later (exit code 75): the disk is being made";
    let mut queue = at.trimtab("queue").await.with_code(0);
    for _ in 0..1000 {
        if queue.out.contains("deferred") {
            break;
        }
        daemon.rest().await;
        queue = at.trimtab("queue").await.with_code(0);
    }
    assert!(queue.out.contains(wanted), "{}", queue.out);
    assert!(at.trimtab("describe site blog").await.with_code(0).out.contains(wanted));
    at.trimtab("get listings").await.with_code(0);
    at.trimtab("get lisitngs").await.with_code(3).logged("did you mean `listing`?");
}

/// Story: nothing would come of an entry, it was said, although a controller ran at each change of it.
#[tokio::test]
async fn an_entry_of_a_kind_that_is_only_watched_is_told_with_who_watches_it() {
    let folder = Folder::of_sites("true", "[[controller.watch]]\nkind = \"listing\"\nowner = true\n");
    folder.write("entries/a.yaml", "kind: listing\nname: a\nspec: {}\n---\nkind: note\nname: b\nspec: 1\n");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.logs("note/b: created").await;
    let at = At::new(&url);
    for (line, wanted) in [
        ("describe listing a", "none reconciles this kind; watched by sites\n"),
        ("describe note b", "none reconciles this kind, so nothing will come of the entry\n"),
    ] {
        let out = at.trimtab(line).await.with_code(0).out;
        assert!(out.contains(wanted), "{line}: {out}");
    }
}
