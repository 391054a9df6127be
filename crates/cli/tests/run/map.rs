//! `map`: a program says whom changes of another kind wake.

use super::api::{address, answers};
use super::stage::{Daemon, Folder};

const WATCH: &str =
    "\n[[controller.watch]]\nkind = \"machine\"\nmap = { exec = [\"./whom\"], timeout = \"10s\" }\n";

/// Sites whose runs are noted in `runs`, and machines that name theirs in `/spec/site`, read by `whom` without any tool but the shell.
fn folder(whom: &str) -> Folder {
    let folder = Folder::of_sites("echo $TRIMTAB_NAME >> runs", WATCH);
    folder.script("whom", whom);
    folder.site("blog");
    folder
}

fn machine(folder: &Folder, site: &str) {
    folder.write("entries/m1.yaml", &format!("kind: machine\nname: m1\nspec: {{site: {site}}}\n"));
}

/// Answers with each value of `site` before and after.
const WHOM: &str = r#"read -r asked; echo "$asked" >> asked
found=$(printf '%s\n' "$asked" | grep -o '"site":"[a-z]*"' | sed 's/.*:"/{"name":"/; s/$/}/' | paste -sd, -)
echo "{\"requests\":[$found]}""#;

fn runs(folder: &Folder) -> Vec<String> {
    let mut runs: Vec<_> = folder.read("runs").lines().map(str::to_owned).collect();
    runs.sort();
    runs
}

#[tokio::test]
async fn whom_the_program_names_runs_before_and_after_and_the_folder_settles() {
    let folder = folder(WHOM);
    machine(&folder, "shop");
    folder.settle(&[]).await.with_code(0);
    assert_eq!(runs(&folder), ["blog", "shop"], "`shop` need not exist");
    folder.remove("runs");

    let daemon = folder.start(&[]);
    daemon.until("both ran", || folder.has("runs") && runs(&folder) == ["blog", "shop"]).await;
    machine(&folder, "docs");
    daemon
        .until("what it named and what it names", || runs(&folder) == ["blog", "docs", "shop", "shop"])
        .await;
    let asked = folder.read("asked");
    assert!(
        asked
            .lines()
            .last()
            .unwrap()
            .contains(r#""old":{"kind":"machine","name":"m1","spec":{"site":"shop"}"#),
        "{asked}"
    );
}

async fn shown(daemon: &Daemon, wanted: &str) {
    answers(daemon, &address(daemon).await, "/v1/controllers/sites", None, wanted).await;
}

#[tokio::test]
async fn a_program_that_fails_is_shown_with_its_words_and_nothing_else_waits_for_it() {
    let folder = folder(
        "[ -e mended ] || { echo 'no inventory' >&2; exit 1; }; echo '{\"requests\":[{\"name\":\"shop\"}]}'",
    );
    machine(&folder, "shop");
    let daemon = folder.start(&[]);
    daemon.until("the site runs", || folder.has("runs")).await;
    daemon.logs("ended with exit code 1: no inventory").await;
    daemon.logs("machine/m1").await;
    shown(&daemon, "\"state\":\"broken\"").await;
    shown(&daemon, "ended with exit code 1: no inventory").await;
    folder.write("mended", "");
    daemon.until("whom it wakes", || runs(&folder) == ["blog", "shop"]).await;
    shown(&daemon, r#"{"name":"machine","state":"live"}"#).await;
}

#[tokio::test]
async fn a_folder_is_not_settled_while_a_change_is_refused() {
    let folder = folder("echo 'no such machine' >&2; exit 65");
    machine(&folder, "shop");
    let ended = folder.settle(&[]).await.with_code(1);
    ended.logged(
        "machine/m1: controller sites could not map it: refused the entry (exit code 65): no such machine",
    );
}
