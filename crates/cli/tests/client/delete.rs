//! `trimtab delete`.

use super::apply::{empty, with};
use super::at::{At, serve};
use super::stage::{Daemon, Folder};
use super::terminal::at_terminal;

/// Three sites: two of the web, one of another namespace.
async fn sites() -> (Folder, Daemon, At) {
    let (folder, daemon, at) = empty().await;
    let site = |name: &str, more: &str| format!("kind: site\nname: {name}\n{more}spec: {{}}\n");
    let (a, b) = (site("a", "labels: {tier: web}\n"), site("b", "labels: {tier: web}\n"));
    folder.write("all.yaml", &[a, b, site("c", "namespace: shop\n")].join("---\n"));
    with(&at, &folder, "apply -f @all.yaml").await.with_code(0);
    (folder, daemon, at)
}

#[tokio::test]
async fn entries_go_by_name_by_label_by_kind_and_by_file() {
    let (folder, _daemon, at) = sites().await;
    let dry = at.trimtab("delete sites a --dry-run").await.with_code(0);
    assert_eq!(dry.out, "site/a deleted (dry run)\n");
    assert_eq!(at.trimtab("delete site/a").await.with_code(0).out, "site/a deleted (index 4)\n");
    let done = at.trimtab("delete sites -l tier=web").await.with_code(0);
    assert_eq!(done.out, "site/b deleted (index 5)\n");
    let none = at.trimtab("delete sites --all").await.with_code(0);
    assert_eq!((none.out.as_str(), none.err.as_str()), ("", "nothing to delete\n"));
    let rest = at.trimtab("delete sites --all -A -o name").await.with_code(0);
    assert_eq!(rest.out, "site/c\n");
    with(&at, &folder, "apply -f @all.yaml").await.with_code(0);
    let files = with(&at, &folder, "delete -f @all.yaml --yes").await.with_code(0);
    assert_eq!(
        files.out,
        "site/c in default/shop deleted (index 10)\nsite/b deleted (index 11)\nsite/a deleted (index 12)\n"
    );
}

#[tokio::test]
async fn what_is_not_there_is_told_and_does_not_stop_the_others() {
    let (folder, _daemon, at) = sites().await;
    let ended =
        at.trimtab("delete site none a --yes").await.with_code(3).logged("error: there is no site/none");
    assert_eq!(ended.out, "site/a deleted (index 4)\n");
    at.trimtab("delete site none --ignore-not-found").await.with_code(0);
    at.trimtab("delete stie a").await.with_code(3).logged("did you mean `site`?");
    for (line, wanted) in [
        ("delete site", "say which site: names, -l LABELS, or --all"),
        ("delete", "say which kind"),
        ("delete site a --all", "say names, or -l or --all, not both"),
        ("delete site a -A", "leave out -A"),
        ("delete site -l tier=,=", "read the selector"),
        ("delete site a --timeout 3s", "--wait"),
        ("delete site a --drop-finalizer no/such --cascade banana", "invalid value 'banana'"),
    ] {
        at.trimtab(line).await.with_code(2).logged(wanted);
    }
    at.trimtab("delete site b --drop-finalizer no/such").await.with_code(1).logged("it has none");
    drop(folder);
}

#[tokio::test]
async fn many_are_asked_for_at_a_terminal_and_need_yes_elsewhere() {
    let (_folder, _daemon, at) = sites().await;
    let ended = at.trimtab("delete sites --all").await.with_code(2);
    assert_eq!(ended.out, "");
    ended.logged("2 entries would be deleted").logged("say --yes");
    at.trimtab("delete sites --all --dry-run").await.with_code(0);
    let words = ["delete", "sites", "--all"];
    let no = at_terminal(at.url(), &[], &words, "n\n").await;
    assert_eq!(no.code, Some(1), "{}", no.text);
    assert!(no.text.contains("  site/a\n  site/b\ndelete these 2 entries? [y/N] "), "{}", no.text);
    assert!(no.text.contains("nothing was deleted"), "{}", no.text);
    let yes = at_terminal(at.url(), &[], &words, "y\n").await;
    assert_eq!(yes.code, Some(0), "{}", yes.text);
    assert!(yes.text.ends_with("site/a deleted (index 4)\nsite/b deleted (index 5)\n"), "{}", yes.text);
}

/// A site that is held by a finalizer until the file `go` is there.
async fn held() -> (Folder, Daemon, At) {
    let script = "[ -f go ] && echo '{\"finalized\": true}'; exit 0";
    let folder = Folder::of_sites(script, "finalizer = true\n");
    folder.site("blog");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("1 reconciled").await;
    (folder, daemon, At::new(&url))
}

#[tokio::test]
async fn a_deletion_that_is_held_says_by_whom_and_is_waited_for() {
    let (folder, daemon, at) = held().await;
    let ended = at.trimtab("delete site blog --wait --timeout 200ms").await.with_code(124);
    assert!(ended.out.starts_with("site/blog deleting (index "), "{}", ended.out);
    assert!(ended.out.contains("; held by trimtab/sites until sites has cleaned up\n"), "{}", ended.out);
    let ended = ended.logged("site/blog is still there; held by trimtab/sites until sites has cleaned up");
    ended.logged("1 entry is not gone after 200ms");
    let waiting = at.start(&["delete", "site", "blog", "--wait"]);
    waiting.says("site/blog deleting").await;
    folder.write("go", "");
    at.trimtab("enqueue sites blog").await.with_code(0);
    let ended = waiting.ended().await.with_code(0);
    assert!(ended.out.lines().last().unwrap().starts_with("site/blog deleted (index "), "{}", ended.out);
    at.trimtab("get site/blog").await.with_code(3);
    drop(daemon);
}

#[tokio::test]
async fn a_finalizer_can_be_taken_off() {
    let (_folder, _daemon, at) = held().await;
    let line = "delete site blog --drop-finalizer trimtab/sites --wait";
    let ended = at.trimtab(line).await.with_code(0);
    assert!(ended.out.starts_with("site/blog deleted (index "), "{}", ended.out);
}

/// Story: the cascade came with the first controller, so a daemon that only keeps entries left the children of a deleted owner behind, and a foreground delete
/// waited for ever.
#[tokio::test]
async fn what_is_owned_goes_before_goes_after_or_stays_also_where_no_controller_is() {
    let (folder, daemon, at) = empty().await;
    let family = "kind: site\nname: S\nspec: {}\n---\nkind: listing\nname: S\nowners: [{kind: site, name: S}]\nspec: {}\n";
    for name in ["back", "fore", "orphan"] {
        folder.write(&format!("{name}.yaml"), &family.replace('S', name));
        with(&at, &folder, &format!("apply -f @{name}.yaml")).await.with_code(0);
    }
    let fore = at.trimtab("delete site fore --cascade foreground --wait").await.with_code(0);
    assert!(fore.out.starts_with("site/fore deleting (index 7)"), "{}", fore.out);
    assert!(fore.out.contains("\nsite/fore deleted (index "), "{}", fore.out);
    at.trimtab("get listing/fore").await.with_code(3);
    at.trimtab("delete site orphan --cascade orphan --wait").await.with_code(0);
    at.trimtab("get listing/orphan").await.with_code(0);
    at.trimtab("delete site back").await.with_code(0);
    for _ in 0..1000 {
        if at.trimtab("get listing/back").await.code == Some(3) {
            return;
        }
        daemon.rest().await;
    }
    panic!("what was owned stays");
}

#[tokio::test]
async fn waiting_outlives_a_daemon_that_is_started_again() {
    let folder = Folder::of_sites("[ -f go ] && echo '{\"finalized\": true}'; exit 0", "finalizer = true\n");
    let toml = folder.read("trimtab.toml").replace("memory:", "embedded:data");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    folder.write("trimtab.toml", &toml);
    folder.site("blog");
    let listen = format!("127.0.0.1:{port}");
    let (daemon, url) = serve(&folder, &["--listen", &listen]).await;
    daemon.says("1 reconciled").await;
    let waiting = At::new(&url).start(&["delete", "site", "blog", "--wait"]);
    waiting.says("site/blog deleting").await;
    daemon.signal(rustix::process::Signal::KILL);
    drop(daemon.ended().await);
    folder.write("go", "");
    folder.remove("entries/blog.yaml");
    let (_daemon, _) = serve(&folder, &["--listen", &listen]).await;
    let ended = waiting.ended().await.with_code(0);
    assert!(ended.out.lines().last().unwrap().starts_with("site/blog deleted (index "), "{}", ended.out);
}
