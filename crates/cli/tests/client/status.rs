//! `trimtab status` and `trimtab version`.

use super::at::{At, serve};
use super::stage::Folder;

#[tokio::test]
async fn a_status_is_ready_until_something_is_wrong_and_then_it_fails_and_says_what() {
    let folder = Folder::of_sites("exit 0", "");
    folder.site("blog");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("1 reconciled").await;
    let at = At::new(&url);
    let out = at.trimtab("status").await.with_code(0).out;
    assert!(out.starts_with("ready  trimtab 0.1.0 at 127.0.0.1:"), "{out}");
    assert!(out.contains("\nstore  memory, live, 1 entry, at "), "{out}");
    assert!(out.contains("sites           site  ready  0"), "{out}");
    let json: serde_json::Value =
        serde_json::from_str(&at.trimtab("status -o json").await.with_code(0).out).unwrap();
    assert_eq!((&json["ready"], &json["controllers"][1]["name"]), (&true.into(), &"sites".into()));

    folder.write("entries/wrong.yaml", "kind: [\n");
    daemon.logs("wrong.yaml").await;
    let out = at.trimtab("status").await.with_code(1).out;
    assert!(out.starts_with("not ready  ") && out.contains("entries/wrong.yaml"), "{out}");
}

#[tokio::test]
async fn the_version_is_told_offline_and_the_daemons_when_it_is_asked_for() {
    let offline = At::new("http://127.0.0.1:1");
    assert_eq!(offline.trimtab("version").await.with_code(0).out, "trimtab 0.1.0\n");
    let folder = Folder::of_sites("exit 0", "");
    let (_daemon, url) = serve(&folder, &[]).await;
    let out = At::new(&url).trimtab("version --daemon").await.with_code(0).out;
    assert_eq!(out, format!("trimtab 0.1.0\ndaemon 0.1.0 at {url}\n"));
}

/// A controller that was taken out of the file leaves its finalizers behind.
#[tokio::test]
async fn a_deletion_that_nobody_here_will_let_go_is_told_with_what_to_do() {
    let controller = "[[controller]]\nname = \"sites\"\nkind = \"site\"\nexec = [\"true\"]\n";
    let folder = Folder::new(&format!("{controller}finalizer = true\n"));
    let (daemon, url) = serve(&folder, &[]).await;
    let at = At::new(&url);
    folder.write("blog.yaml", "kind: site\nname: blog\nspec: {}\n");
    let file = folder.at("blog.yaml").display().to_string();
    at.trimtab(&format!("apply -f {file}")).await.with_code(0);
    daemon.says("1 reconciled").await;
    at.trimtab("delete site blog").await.with_code(0);
    let out = at.trimtab("status").await.with_code(0).out;
    assert!(!out.contains("held by"), "its controller is here: {out}");
    daemon.signal(rustix::process::Signal::TERM);
    daemon.ended().await.with_code(0);

    folder.write("trimtab.toml", &controller.replace("sites", "others"));
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("others  ready").await;
    let at = At::new(&url);
    let out = at.trimtab("status").await.with_code(0).out;
    let wanted = "site/blog is being deleted and held by trimtab/sites, which no controller here takes off; if nobody else will: `trimtab delete site/blog --drop-finalizer trimtab/sites`";
    assert!(out.contains(wanted), "{out}");
    at.trimtab("delete site/blog --drop-finalizer trimtab/sites --wait").await.with_code(0);
    assert!(!at.trimtab("status").await.out.contains("held by"));
}

#[tokio::test]
async fn keys_that_fail_are_told_in_the_first_line_and_the_daemon_is_ready() {
    let folder = Folder::of_sites("exit 65", "");
    folder.site("blog");
    let (daemon, url) = serve(&folder, &[]).await;
    daemon.says("1 failing").await;
    let at = At::new(&url);
    let out = at.trimtab("status").await.with_code(0).out;
    let first = out.lines().next().unwrap();
    assert!(first.starts_with("ready  ") && first.ends_with(", 1 key failing"), "{out}");
    folder.site("docs");
    daemon.says("2 failing").await;
    let out = at.trimtab("status").await.with_code(0).out;
    assert!(out.lines().next().unwrap().ends_with(", 2 keys failing"), "{out}");
    let help = at.trimtab("status --help").await.with_code(0).out;
    assert!(help.contains("0 the daemon is ready, 1 it is not"), "{help}");
}
