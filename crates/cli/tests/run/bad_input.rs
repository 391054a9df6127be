//! One test for each line of "Bad input": the message that a person sees.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::process::Command;

use super::stage::{Daemon, Ended, Folder, SITES, is_alive};

/// A run on which nothing may have been started.
async fn refused(folder: &Folder) -> String {
    let ended = folder.settle(&[]).await.with_code(1).logged("; nothing was started");
    assert_eq!(ended.out, "", "not even the store was opened");
    assert!(!folder.has("data"));
    ended.err
}

/// A run that brings everything but site/blog in order.
async fn unsettled(folder: &Folder) -> Ended {
    folder.site("blog");
    folder
        .settle(&[])
        .await
        .with_code(1)
        .logged("error: this cannot be settled:\n  site/blog: controller sites ")
}

#[tokio::test]
async fn a_watched_kind_that_is_one_letter_off_gets_a_suggestion() {
    let watch = "[[controller.watch]]\nkind = \"certifcate\"\nreferences = \"/spec/certificate\"\n";
    let folder = Folder::of_sites("exit 0", watch);
    folder.write("entries/c.yaml", "kind: certificate\nname: c\nspec: {}\n");
    let ended = folder.settle(&[]).await.with_code(0);
    ended.logged("trimtab.toml:9: controller[0].watch[0].kind: there is no entry of kind `certifcate`; did you mean `certificate`?\n");
}

#[tokio::test]
async fn two_controllers_of_one_name_are_told_with_the_line_of_the_second() {
    let folder = Folder::new(&format!("{SITES}{SITES}"));
    folder.script("script", "exit 0");
    let told = refused(&folder).await;
    let wanted =
        "trimtab.toml:7: controller[1].name: `sites` is the name of another controller; give each its own\n";
    assert!(told.contains(wanted), "{told}");
}

#[tokio::test]
async fn a_missing_script_is_told_with_the_place_where_it_was_looked_for() {
    let folder = Folder::new(SITES);
    let told = refused(&folder).await;
    let wanted = format!("controller[0].exec: `./script` is not there ({}", folder.path().display());
    assert!(told.contains(&wanted), "{told}");
}

#[tokio::test]
async fn a_script_without_its_run_bit_is_told_with_what_to_do() {
    let folder = Folder::new(SITES);
    folder.script("script", "exit 0");
    fs::set_permissions(folder.at("script"), Permissions::from_mode(0o644)).unwrap();
    let told = refused(&folder).await;
    assert!(told.contains("controller[0].exec: `./script` has no run bit; do `chmod +x "), "{told}");
}

#[tokio::test]
async fn a_script_that_prints_garbage_fails_with_the_beginning_of_it() {
    let folder = Folder::of_sites("echo 'all is well!'", "");
    let ended = unsettled(&folder)
        .await
        .logged("times in a row: standard output must be nothing or one JSON document");
    ended.logged("it begins \"all is well!\"");
}

#[tokio::test]
async fn two_mebibytes_of_output_are_cut_off_and_told() {
    let folder = Folder::of_sites("head -c 2097152 /dev/zero | tr '\\0' x", "");
    let ended = unsettled(&folder).await;
    ended.logged("times in a row: printed more than 1 MiB to standard output and was ended; print one JSON document there");
}

#[tokio::test]
async fn a_script_that_hangs_is_ended_at_its_deadline() {
    let folder = Folder::of_sites("echo $$ > pid; sleep 600", "timeout = \"100ms\"\n");
    let ended = unsettled(&folder).await;
    ended.logged(
        "times in a row: took longer than 100ms and was ended; raise `timeout`, or do less in one run",
    );
    assert!(!is_alive(&folder.read("pid")));
}

#[tokio::test]
async fn a_child_that_outlives_its_script_is_ended_with_it() {
    let folder = Folder::of_sites("sleep 600 & echo $! > pid", "");
    folder.site("blog");
    folder.settle(&[]).await.with_code(0);
    assert!(!folder.read("pid").is_empty() && !is_alive(&folder.read("pid")));
}

#[tokio::test]
async fn a_duplicate_yaml_key_is_told_with_its_line_and_the_other_entries_are_applied() {
    let folder = Folder::of_sites("touch \"ran-$TRIMTAB_NAME\"", "");
    folder.site("blog");
    folder.write("entries/twice.yaml", "kind: site\nname: twice\nspec:\n  port: 80\n  port: 81\n");
    let ended = folder.settle(&[]).await.with_code(1).logged("entries/twice.yaml:5: ");
    assert!(ended.err.contains("duplicate") && ended.err.contains("port"), "{}", ended.err);
    assert!(folder.has("ran-blog") && !folder.has("ran-twice"));
}

#[tokio::test]
async fn a_name_of_254_characters_is_told_with_the_limit() {
    let folder = Folder::of_sites("exit 0", "");
    folder.write("entries/long.yaml", &format!("kind: site\nname: {}\nspec: {{}}\n", "n".repeat(254)));
    let ended = folder.settle(&[]).await.with_code(1).logged("error: entries/long.yaml:1: name: site/nnn");
    ended.logged("name has too many characters (254, the limit is 253)");
}

#[tokio::test]
async fn a_spec_of_257_kibibytes_is_told_with_the_limit() {
    let folder = Folder::of_sites("exit 0", "");
    let text = "x".repeat(257 * 1024);
    folder.write("entries/large.yaml", &format!("kind: site\nname: large\nspec:\n  text: {text}\n"));
    let ended =
        folder.settle(&[]).await.with_code(1).logged("error: entries/large.yaml:1: spec: site/large: spec ");
    ended.logged(", the limit is 262144)");
}

#[tokio::test]
async fn a_transaction_of_61_operations_is_not_tried_again_and_names_the_limit() {
    let script = "printf '{\"apply\":['; n=0; while [ $n -lt 60 ]; do [ $n = 0 ] || printf ,
        printf '{\"kind\":\"note\",\"name\":\"n%s\",\"spec\":{}}' $n; n=$((n+1)); done; printf ']}'";
    let folder = Folder::of_sites(script, "");
    let ended = unsettled(&folder).await.logged("site/blog: controller sites gave up: ");
    ended.logged("(61, the limit is 60)");
}

#[tokio::test]
async fn a_data_directory_that_is_in_use_is_told_with_the_process_that_has_it() {
    let folder = Folder::new("");
    let first = folder.start(&[]);
    first.says("trimtab ").await;
    let second = folder.settle(&[]).await.with_code(1);
    let wanted = format!("error: open the store: `{}` is in use by process ", folder.at("data").display());
    second.logged(&wanted).logged("; stop that one, or give each process a directory of its own\n");
}

#[tokio::test]
async fn a_data_directory_of_another_user_is_told_with_its_owner() {
    const NOBODY: &str = "65534";
    let tools = ["/usr/bin/setpriv", "/bin/setpriv"].map(Path::new);
    let Some(setpriv) = tools.into_iter().find(|tool| tool.exists() && rustix::process::geteuid().is_root())
    else {
        eprintln!("SKIPPED: changing to another user takes root and setpriv; run as root to prove this");
        return;
    };
    let folder = Folder::new("");
    fs::create_dir(folder.at("data")).unwrap();
    let open = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    open(&folder.at("data"), 0o700);
    // The other user must reach the rest.
    open(folder.path(), 0o755);
    open(&folder.at("trimtab.toml"), 0o644);
    let binary = folder.at("trimtab");
    fs::copy(env!("CARGO_BIN_EXE_trimtab"), &binary).unwrap();
    open(&binary, 0o755);

    let mut command = Command::new(setpriv);
    command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(&binary);
    command.arg("run").arg(folder.path()).arg("--until-settled");
    let ended = Daemon::start(command).ended().await.with_code(1);
    let owner = format!(
        "may not be written by this process (`{}` belongs to user 0 and has mode 0700)",
        folder.at("data").display()
    );
    ended
        .logged("error: open the store: ")
        .logged(&owner)
        .logged("; run as its owner, change its mode, or name another path\n");
}
