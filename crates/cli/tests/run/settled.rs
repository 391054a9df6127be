//! The exit codes of `--until-settled`, and what is listed.

use super::stage::Folder;

#[tokio::test]
async fn it_ends_with_0_and_the_index_once_nothing_is_left_to_do() {
    let folder = Folder::of_sites("echo '{\"requeue_after\": \"1h\"}'", "resync = \"1h\"\n");
    folder.site("blog");
    folder.site("docs");
    let ended = folder.settle(&[]).await.with_code(0);
    assert_eq!(
        ended.out,
        "trimtab 0.1.0  store memory  index 0\nsites  ready  2 entries  2 reconciled  0 failing\nsettled at index 2\n"
    );
}

#[tokio::test]
async fn an_empty_folder_is_settled() {
    let ended = Folder::new("[store]\nurl = \"memory:\"\n").settle(&[]).await.with_code(0);
    assert_eq!(ended.out, "trimtab 0.1.0  store memory  index 0\nsettled at index 0\n");
}

#[tokio::test]
async fn it_ends_with_1_at_once_when_only_terminal_failures_are_left() {
    let folder = Folder::of_sites("[ $TRIMTAB_NAME = docs ] || { echo 'port 0' >&2; exit 65; }", "");
    folder.site("blog");
    folder.site("docs");
    let ended = folder.settle(&[]).await.with_code(1);
    let list = "error: this cannot be settled:\n  site/blog: controller sites gave up: refused the entry (exit code 65): port 0\n";
    ended.logged(list);
}

#[tokio::test]
async fn it_ends_with_1_after_five_failures_in_a_row() {
    let folder = Folder::of_sites("echo no >&2; echo failed >> runs; exit 3", "");
    folder.site("blog");
    let ended = folder.settle(&[]).await.with_code(1);
    ended
        .logged("  site/blog: controller sites failed ")
        .logged(" times in a row: ended with exit code 3: no\n");
    assert!(folder.read("runs").lines().count() >= 5);
}

#[tokio::test]
async fn a_key_that_fails_at_first_is_waited_for() {
    let folder = Folder::of_sites("echo run >> runs; [ $(wc -l < runs) -ge 4 ]", "");
    folder.site("blog");
    folder.settle(&[]).await.with_code(0);
    assert_eq!(folder.read("runs").lines().count(), 4);
}

#[tokio::test]
async fn it_ends_with_124_when_the_time_is_up_and_lists_what_is_left() {
    let folder = Folder::of_sites("sleep 600", "");
    folder.site("blog");
    let ended = folder.settle(&["--timeout", "300ms"]).await.with_code(124);
    ended
        .logged("error: not settled within 300ms:\n")
        .logged("  site/blog: controller sites has it running\n");
}

#[tokio::test]
async fn a_script_that_says_not_yet_is_waited_for() {
    let folder = Folder::of_sites("echo 'no address yet' >&2; [ -e address ] || exit 75", "");
    folder.site("blog");
    let ended = folder.settle(&["--timeout", "300ms"]).await.with_code(124);
    ended
        .logged("  site/blog: controller sites asked to be run again later (exit code 75): no address yet\n");
    folder.write("address", "");
    folder.settle(&[]).await.with_code(0);
}

#[tokio::test]
async fn an_entry_that_is_still_being_deleted_is_listed_with_its_holder() {
    let folder = Folder::new(
        "[entries]\nprune = true\n[[controller]]\nname = \"sites\"\nkind = \"site\"\nexec = [\"./script\"]\nfinalizer = true\n",
    );
    folder.script("script", "[ ! -e clean ] || echo '{\"finalized\": true}'");
    folder.site("blog");
    folder.settle(&[]).await.with_code(0);
    folder.remove("entries/blog.yaml");
    let ended = folder.settle(&[]).await.with_code(1);
    ended.logged("  site/blog: is still being deleted, held by trimtab/sites\n");
    folder.write("clean", "");
    let ended = folder.settle(&[]).await.with_code(0);
    assert!(ended.out.contains("0 entries"), "{}", ended.out);
}

/// The next try of a script that failed was counted as work that goes on, so the end came only if a look happened upon a running script.
#[tokio::test]
async fn a_clean_up_that_only_fails_is_given_up_after_five_failures() {
    let folder = Folder::new(
        "[entries]\nprune = true\n[[controller]]\nname = \"sites\"\nkind = \"site\"\nexec = [\"./script\"]\nfinalizer = true\n",
    );
    folder.script("script", "case $(cat) in *'\"deleting\":true'*) echo run >> runs; exit 3 ;; esac");
    folder.site("blog");
    folder.settle(&[]).await.with_code(0);
    folder.remove("entries/blog.yaml");
    let ended = folder.settle(&[]).await.with_code(1);
    ended
        .logged("  site/blog: controller sites failed 5 times in a row: ended with exit code 3")
        .logged("  site/blog: is still being deleted, held by trimtab/sites\n");
    assert_eq!(folder.read("runs").lines().count(), 5, "the sixth is a second and more away");
}

#[tokio::test]
async fn wrong_usage_ends_with_2() {
    let folder = Folder::new("");
    folder.start(&["--timeout", "1s"]).ended().await.with_code(2).logged("--until-settled");
}
