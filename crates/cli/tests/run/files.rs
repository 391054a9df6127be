//! The folder of entries while the daemon runs.

use rustix::process::Signal;

use super::stage::{Daemon, Folder, SITES};

const RECORD: &str = "cat > \"seen-$TRIMTAB_NAME\"; case $(cat \"seen-$TRIMTAB_NAME\") in *'\"entry\":null'*) echo gone > \"seen-$TRIMTAB_NAME\";; esac";

fn site(name: &str, port: u16) -> String {
    format!("kind: site\nname: {name}\nspec:\n  port: {port}\n")
}

async fn running(entries: &str) -> (Folder, Daemon) {
    let folder = Folder::new(&format!("[store]\nurl = \"memory:\"\n[entries]\n{entries}{SITES}"));
    folder.script("script", RECORD);
    folder.write("entries/blog.yaml", &site("blog", 80));
    let daemon = folder.start(&[]);
    daemon.until("the first run", || folder.read("seen-blog").contains("\"port\":80")).await;
    (folder, daemon)
}

/// behaviour T8
#[tokio::test]
async fn a_changed_and_a_new_file_are_applied() {
    let (folder, daemon) = running("").await;
    folder.write("entries/blog.yaml", &site("blog", 81));
    daemon.until("the change", || folder.read("seen-blog").contains("\"port\":81")).await;
    folder.write("entries/deep/docs.json", r#"{"kind": "site", "name": "docs", "spec": {"port": 90}}"#);
    daemon.until("the new one", || folder.read("seen-docs").contains("\"port\":90")).await;
    daemon.logs("site/docs: created from entries/deep/docs.json").await;
}

#[tokio::test]
async fn a_folder_that_is_made_later_is_followed() {
    let folder = Folder::of_sites(RECORD, "");
    let daemon = folder.start(&[]);
    daemon.says("sites  ready  0 entries").await;
    folder.write("entries/blog.yaml", &site("blog", 80));
    daemon.until("the first run", || folder.has("seen-blog")).await;
    folder.write("entries/blog.yaml", &site("blog", 81));
    daemon.until("the change", || folder.read("seen-blog").contains("\"port\":81")).await;
}

#[tokio::test]
async fn nothing_is_deleted_without_prune() {
    let (folder, daemon) = running("").await;
    folder.remove("entries/blog.yaml");
    folder.write("entries/docs.yaml", &site("docs", 80));
    daemon.until("the next look", || folder.has("seen-docs")).await;
    assert_ne!(folder.read("seen-blog"), "gone\n");
}

#[tokio::test]
async fn nothing_is_pruned_while_a_file_is_wrong_and_it_is_once_that_is_mended() {
    let (folder, daemon) = running("prune = true\n").await;
    folder.write("entries/wrong.yaml", "kind: [\n");
    daemon.logs("ERROR entries/wrong.yaml:").await;
    folder.remove("entries/blog.yaml");
    folder.write("entries/docs.yaml", &site("docs", 80));
    daemon.until("the next look", || folder.has("seen-docs")).await;
    assert_ne!(folder.read("seen-blog"), "gone\n", "it may stand in the file that is wrong");
    folder.remove("entries/wrong.yaml");
    daemon.until("the pruning", || folder.read("seen-blog") == "gone\n").await;
}

#[tokio::test]
async fn what_a_script_applied_is_not_pruned() {
    let folder = Folder::new(&format!("[store]\nurl = \"memory:\"\n[entries]\nprune = true\n{SITES}"));
    let script = "[ $TRIMTAB_NAME != blog ] || echo '{\"apply\": [{\"kind\": \"site\", \"name\": \"made\", \"spec\": {}}]}'; touch \"seen-$TRIMTAB_NAME\"";
    folder.script("script", script);
    folder.site("blog");
    folder.site("docs");
    let daemon = folder.start(&[]);
    daemon.until("the one that was made", || folder.has("seen-made")).await;
    folder.remove("entries/docs.yaml");
    daemon.logs("site/docs: deleted: it is no longer declared in entries/docs.yaml").await;
    daemon.says("sites  ready  2 entries  2 reconciled").await;
    assert!(!daemon.log().contains("site/made: deleted"), "{}", daemon.log());
}

#[tokio::test]
async fn a_folder_that_has_vanished_prunes_nothing() {
    let (folder, daemon) = running("prune = true\n").await;
    std::fs::rename(folder.at("entries"), folder.at("elsewhere")).unwrap();
    daemon.logs("entries is gone; what came from it stays as it is until it is back").await;
    folder.write("elsewhere/docs.yaml", &site("docs", 80));
    std::fs::rename(folder.at("elsewhere"), folder.at("entries")).unwrap();
    daemon.until("the next look", || folder.has("seen-docs")).await;
    assert_ne!(folder.read("seen-blog"), "gone\n");
}

#[tokio::test]
async fn a_site_declared_again_while_it_is_being_deleted_is_made_anew() {
    let folder = Folder::new(&format!(
        "[store]\nurl = \"memory:\"\n[entries]\nprune = true\n{SITES}finalizer = true\n"
    ));
    let script = "case $(cat) in *'\"deleting\":true'*) touch held; [ ! -e clean ] || echo '{\"finalized\": true}'; [ -e clean ];; *) touch there;; esac";
    folder.script("script", script);
    folder.site("blog");
    let daemon = folder.start(&[]);
    daemon.until("it is there", || folder.has("there")).await;
    folder.remove("entries/blog.yaml");
    daemon.until("it is held", || folder.has("held")).await;
    folder.site("blog");
    folder.remove("there");
    folder.write("clean", "");
    daemon.until("it is there again", || folder.has("there")).await;
}

#[tokio::test]
async fn what_waits_for_a_deletion_is_tried_again_without_the_rest_of_its_file() {
    let folder = Folder::new(&format!(
        "[store]\nurl = \"memory:\"\n[entries]\nprune = true\n{SITES}finalizer = true\n"
    ));
    // The site that is being deleted goes on for ever, and says each time what docs is to be.
    let script = "input=$(cat); case $TRIMTAB_NAME$input in
        docs*'\"port\":80'*) echo 80 >> ports;;
        docs*'\"port\":81'*) echo 81 >> ports;;
        blog*'\"deleting\":true'*) echo x >> held
            echo '{\"apply\": [{\"kind\": \"site\", \"name\": \"docs\", \"spec\": {\"port\": 81}}], \"requeue_after\": \"200ms\"}';;
    esac; touch seen-$TRIMTAB_NAME";
    folder.script("script", script);
    let both = format!("{}---\n{}", site("docs", 80), site("blog", 80));
    folder.write("entries/two.yaml", &both);
    let daemon = folder.start(&[]);
    daemon.until("both are there", || folder.has("seen-docs") && folder.has("seen-blog")).await;
    folder.write("entries/two.yaml", &site("docs", 80));
    daemon.until("it is held", || folder.has("held")).await;
    folder.write("entries/two.yaml", &both);
    daemon.logs("site/docs: changed from entries/two.yaml").await;
    folder.remove("held");
    let times =
        |file: &str, text: &str| if folder.has(file) { folder.read(file).matches(text).count() } else { 0 };
    let before = times("ports", "80");
    daemon.until("several looks", || times("held", "x") >= 10).await;
    let after = times("ports", "80");
    assert!(after <= before + 1, "{before}, then {after}: who wrote last is right until the file changes");
}

/// behaviour E7
#[tokio::test]
async fn children_wake_their_owner_and_go_with_it() {
    let more = "[[controller.watch]]\nkind = \"listing\"\nowner = true\n";
    let folder = Folder::new(&format!("[store]\nurl = \"memory:\"\n[entries]\nprune = true\n{SITES}{more}"));
    let script = "cat > input; case $(cat input) in *'\"entry\":null'*) touch gone; exit;; esac
        case $(cat input) in *'\"children\":[{'*) touch saw-child;; esac
        echo '{\"apply\": [{\"kind\": \"listing\", \"name\": \"a\", \"spec\": {}}], \"exactly\": [\"listing\"]}'";
    folder.script("script", script);
    folder.site("blog");
    let daemon = folder.start(&[]);
    daemon.until("the child woke its owner", || folder.has("saw-child")).await;
    folder.remove("entries/blog.yaml");
    daemon.until("the site is gone", || folder.has("gone")).await;
    daemon.signal(Signal::TERM);
    daemon.ended().await.with_code(0);
}

#[tokio::test]
async fn a_change_of_trimtab_toml_is_told_once() {
    let (folder, daemon) = running("").await;
    let toml = folder.read("trimtab.toml");
    folder.write("trimtab.toml", &format!("{toml}# one\n"));
    daemon.logs("has changed; restart to apply").await;
    folder.write("trimtab.toml", &format!("{toml}# two\n"));
    folder.write("entries/docs.yaml", &site("docs", 80));
    daemon.until("the next look", || folder.has("seen-docs")).await;
    assert_eq!(daemon.log().matches("restart to apply").count(), 1);
}

#[tokio::test]
async fn an_owner_may_be_declared_after_what_it_owns() {
    let folder = Folder::of_sites("exit 0", "");
    folder.write(
        "entries/a-child.yaml",
        "kind: listing\nname: a\nowners: [{kind: site, name: blog}]\nspec: {}\n",
    );
    folder.site("blog");
    let ended = folder.settle(&[]).await.with_code(0);
    assert!(ended.err.contains("listing/a: created"), "{}", ended.err);
}
