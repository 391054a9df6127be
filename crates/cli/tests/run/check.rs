//! `trimtab check`: mistakes without running anything.

use tokio::process::Command;

use super::stage::{Daemon, Ended, Folder, SITES};

async fn check(folder: &Folder) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trimtab"));
    command.arg("check").arg(folder.path());
    Daemon::start(command).ended().await
}

#[tokio::test]
async fn a_folder_without_mistakes_is_counted() {
    let ended = check(&Folder::of_example("sites")).await.with_code(0);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("ok: 1 controller, 5 entries\n", ""));
}

#[tokio::test]
async fn all_mistakes_of_the_file_and_the_entries_are_told_at_once() {
    let folder =
        Folder::new(&format!("[store]\nurl = \"etcd://h:x\"\n{SITES}workres = 4\ntimeout = \"1 hour\"\n"));
    folder.write("entries/a.yaml", "kind: site\nname: a\n");
    let ended = check(&folder).await.with_code(1).logged("5 mistakes to mend\n");
    for wanted in [
        "trimtab.toml:2: store.url: has the port `x`, which must be from 1 to 65535; write it as `etcd://10.0.0.7:2379/trimtab`",
        "controller[0].exec: `./script` is not there (",
        "trimtab.toml:8: controller[0].workres: is not a field here; known are ",
        "; did you mean `workers`?",
        "trimtab.toml:9: controller[0].timeout: `1 hour` is not a duration: ",
        "entries/a.yaml:1: spec: is missing",
    ] {
        assert!(ended.err.contains(wanted), "{wanted:?} is not in:\n{}", ended.err);
    }
    assert!(!folder.has("data"));
}

/// Both were silent: an operator with a misspelt folder saw "0 entries", and "settled".
#[tokio::test]
async fn a_folder_that_is_not_there_and_a_file_without_controllers_are_worth_a_warning() {
    let folder = Folder::new("[entries]\npath = \"entrys\"\n");
    let ended = check(&folder).await.with_code(0);
    let ended = ended.logged("entrys is not there; until it is, there are no entries\n");
    ended.logged("controller: there is none, so nothing will be run; write a `[[controller]]`\n");
}

#[tokio::test]
async fn two_controllers_of_one_kind_are_worth_a_warning() {
    let second = SITES.replace("\"sites\"", "\"again\"");
    let folder = Folder::new(&format!("{SITES}{second}"));
    folder.script("script", "exit 0");
    let ended = check(&folder).await.with_code(0);
    ended
        .logged("warning: ")
        .logged("`site` is another controller's kind too; both will reconcile each entry");
}

#[tokio::test]
async fn a_closed_set_of_kinds_refuses_others_wherever_they_stand() {
    let folder = Folder::of_sites("exit 0", "[[kind]]\nname = \"site\"\n");
    folder.site("blog");
    folder.write("entries/c.yaml", "kind: sites\nname: c\nspec: {}\n");
    check(&folder)
        .await
        .with_code(1)
        .logged("entries/c.yaml:1: kind: `sites` is not declared by a `[[kind]]`");
    // The daemon goes on with the rest.
    let ended = folder.settle(&[]).await.with_code(1);
    ended
        .logged("site/blog: created")
        .logged("error: entries/c.yaml:1: kind: `sites` is not declared by a `[[kind]]`");
}

/// Story: `kind: sitee` beside the `site`s was a kind of its own, and nobody said so.
#[tokio::test]
async fn an_entry_whose_kind_is_nearly_one_that_a_controller_follows_is_worth_a_warning() {
    let folder = Folder::of_sites("exit 0", "[[controller.watch]]\nkind = \"listing\"\nowner = true\n");
    folder.site("blog");
    folder.write(
        "entries/more.yaml",
        "kind: sitee\nname: a\nspec: {}\n---\nkind: listings\nname: b\nspec: {}\n---\nkind: listing\nname: c\nspec: {}\n---\nkind: account\nname: d\nspec: {}\n",
    );
    let ended = check(&folder).await.with_code(0);
    for (line, kind, near) in [(1, "sitee", "site"), (5, "listings", "listing")] {
        let wanted = format!(
            "entries/more.yaml:{line}: kind: no controller reconciles or watches the kind `{kind}`; did you mean `{near}`?\n"
        );
        assert!(ended.err.contains(&wanted), "{wanted}{}", ended.err);
    }
    assert_eq!(ended.err.lines().count(), 2, "{}", ended.err);
}
