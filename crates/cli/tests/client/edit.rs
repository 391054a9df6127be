//! `trimtab edit`.

use std::os::unix::fs::PermissionsExt as _;

use super::apply::{BLOG, empty, with};
use super::at::At;
use super::stage::{Daemon, Folder};
use super::terminal::at_terminal;

/// `site/blog`, and a folder for what edits leave behind.
async fn blog() -> (Folder, Daemon, At) {
    let (folder, daemon, at) = empty().await;
    folder.write("blog.yaml", BLOG);
    with(&at, &folder, "apply -f @blog.yaml").await.with_code(0);
    folder.write("left/keep", "");
    let at = at.with("TMPDIR", &folder.at("left").display().to_string());
    (folder, daemon, at)
}

/// The files that edits left behind.
fn left(folder: &Folder) -> Vec<String> {
    let names = std::fs::read_dir(folder.at("left")).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| format!("left/{}", name.display())).filter(|name| name != "left/keep").collect()
}

async fn port(at: &At) -> String {
    at.trimtab("get site/blog -o pointer=/spec/port").await.with_code(0).out.trim().to_owned()
}

#[tokio::test]
async fn what_is_changed_in_the_editor_is_written_and_the_file_was_nobody_elses() {
    let (folder, _daemon, at) = blog().await;
    let at = at.with("VISUAL", "stat -c %a >mode \"$1\"; sed -i s/80/443/");
    let at = at.with("EDITOR", "false");
    let script = format!("{} edit site blog", env!("CARGO_BIN_EXE_trimtab"));
    let ended = at.shell(folder.path(), &script).await.with_code(0);
    assert_eq!(ended.out, "site/blog changed (index 2)\n");
    assert_eq!((port(&at).await.as_str(), folder.read("mode").trim()), ("443", "600"));
    assert_eq!(left(&folder), [""; 0]);
}

#[tokio::test]
async fn nothing_is_written_when_nothing_is_changed_or_the_editor_fails_or_empties_the_file() {
    let (folder, _daemon, at) = blog().await;
    for (editor, code, wanted) in [
        ("true", 0, ""),
        ("echo '# a thought' >>", 0, ""),
        ("exit 3 #", 1, "failed (exit status: 3); nothing was written"),
        ("/nowhere/editor", 1, "cannot be started; nothing was written\n  name one by VISUAL or EDITOR"),
        ("truncate -s 0", 1, "broken off: the file is empty; nothing was written"),
        ("rm", 1, "broken off: the file is empty; nothing was written"),
    ] {
        let at = At::new(at.url()).with("EDITOR", editor).with("TMPDIR", folder.at("left").to_str().unwrap());
        let ended = at.trimtab("edit site/blog").await.with_code(code);
        assert_eq!(ended.out, if code == 0 { "site/blog unchanged\n" } else { "" }, "{editor}");
        ended.logged(wanted);
        assert_eq!(left(&folder), [""; 0], "{editor}");
    }
    assert_eq!(port(&at).await, "80");
    at.trimtab("edit site none").await.with_code(3).logged("there is no site/none");
    at.trimtab("edit site").await.with_code(2).logged("say one entry");
    at.trimtab("edit").await.with_code(2);
}

#[tokio::test]
async fn what_was_typed_and_not_taken_is_kept() {
    let (folder, _daemon, at) = blog().await;
    let at = at.with("EDITOR", "sed -i s/spec:/spce:/");
    let ended = at
        .trimtab("edit site blog")
        .await
        .with_code(1)
        .logged("nothing was written: spce: is not a field here");
    let kept = left(&folder);
    assert_eq!(kept.len(), 1);
    assert!(folder.read(&kept[0]).contains("spce:\n  port: 80\n"));
    assert!(
        ended.err.contains("what was typed is kept in ") && ended.err.contains(&kept[0]),
        "{}",
        ended.err
    );
    let mode = std::fs::metadata(folder.at(&kept[0])).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn at_a_terminal_a_mistake_is_shown_above_until_it_is_mended_or_left() {
    let (folder, _daemon, at) = blog().await;
    folder.script(
        "editor",
        "if grep -q '#> error: spce: is not a field' \"$1\"; then cp \"$1\" shown; sed -i 's/spce:/spec:/; s/80/443/' \"$1\"; else sed -i s/spec:/spce:/ \"$1\"; fi",
    );
    let editor = format!("cd {}; ./editor", folder.path().display());
    let seen = at_terminal(at.url(), &[("VISUAL", &editor)], &["edit", "site", "blog"], "").await;
    assert_eq!((seen.code, seen.text.as_str()), (Some(0), "site/blog changed (index 2)\n"));
    assert!(folder.read("shown").contains("did you mean `spec`?"), "{}", folder.read("shown"));
    // What the store refuses is shown too; and whoever leaves it so leaves.
    let tmp = folder.at("left").display().to_string();
    folder
        .script("other", "grep -q 'error: ' \"$1\" || sed -i 's/^spec:/finalizers: [mine]\\nspec:/' \"$1\"");
    let other = folder.at("other").display().to_string();
    let variables = [("VISUAL", other.as_str()), ("TMPDIR", &tmp)];
    let seen = at_terminal(at.url(), &variables, &["edit", "site", "blog"], "").await;
    assert_eq!(seen.code, Some(1), "{}", seen.text);
    assert!(
        seen.text.contains("finalizers cannot be edited") && seen.text.contains("is kept in"),
        "{}",
        seen.text
    );
    assert_eq!(left(&folder).len(), 1);
}

#[tokio::test]
async fn a_change_of_somebody_else_meanwhile_is_told_and_what_was_typed_is_kept() {
    let (folder, _daemon, at) = blog().await;
    folder.write("theirs.yaml", "kind: site\nname: blog\nlabels: {tier: web}\nspec: {port: 8080}\n");
    let trimtab = env!("CARGO_BIN_EXE_trimtab");
    let theirs = folder.at("theirs.yaml").display().to_string();
    let at = at.with("EDITOR", &format!("{trimtab} apply -f {theirs} >&2; sed -i s/80/443/"));
    let ended = at.trimtab("edit site blog").await.with_code(4);
    let ended = ended.logged("site/blog was changed by somebody else meanwhile; nothing was written");
    let ended =
        ended.logged("--- as you were shown it\n+++ as it is now\n").logged("\n-  port: 80\n+  port: 8080\n");
    let kept = left(&folder);
    assert_eq!(kept.len(), 1);
    assert!(folder.read(&kept[0]).contains("port: 443") && ended.err.contains(&kept[0]), "{}", ended.err);
    let at = At::new(at.url()).with("EDITOR", &format!("{trimtab} delete site blog >&2; sed -i s/80/1/"));
    at.trimtab("edit site blog").await.with_code(4).logged("site/blog was deleted meanwhile");
}

#[tokio::test]
async fn a_status_that_is_written_meanwhile_does_not_matter() {
    let (folder, _daemon, at) = blog().await;
    folder.script("editor", "sed -i s/80/443/ \"$1\"");
    let answer =
        super::describe::ask(&at, "PUT", "/v1/entries/site/blog/status", r#"{"status":{"n":1}}"#).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let editor = folder.at("editor").display().to_string();
    let ended = at.with("EDITOR", &editor).trimtab("edit site blog").await.with_code(0);
    assert_eq!(ended.out, "site/blog changed (index 3)\n");
}
