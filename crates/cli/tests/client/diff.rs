//! `trimtab diff`.

use super::apply::{BLOG, empty, with};
use super::terminal::at_terminal;

#[tokio::test]
async fn what_would_change_is_told_and_nothing_changes() {
    let (folder, _daemon, at) = empty().await;
    folder.write("blog.yaml", BLOG);
    let line = "diff -f @blog.yaml";
    let new = with(&at, &folder, line).await.with_code(1);
    assert!(new.out.starts_with("--- /dev/null\n+++ site/blog ("), "{}", new.out);
    assert!(new.out.contains("\n+  port: 80\n"), "{}", new.out);
    with(&at, &folder, "apply -f @blog.yaml").await.with_code(0);
    let same = with(&at, &folder, line).await.with_code(0);
    assert_eq!((same.out.as_str(), same.err.as_str()), ("", ""));
    folder.write("blog.yaml", "kind: site\nname: blog\nspec: {port: 443}\n");
    let other = with(&at, &folder, line).await.with_code(1);
    assert!(other.out.starts_with("--- site/blog (index 1)\n+++ site/blog ("), "{}", other.out);
    let wanted = "@@ -1,6 +1,4 @@\n kind: site\n name: blog\n-labels:\n-  tier: web\n spec:\n-  port: 80\n+  port: 443\n";
    assert!(other.out.ends_with(wanted), "{}", other.out);
    with(&at, &folder, line).await.with_code(1);
    let path = folder.at("blog.yaml").display().to_string();
    let seen = at_terminal(at.url(), &[], &["diff", "-f", &path], "").await;
    assert_eq!(seen.code, Some(1));
    assert!(seen.text.contains("\x1b[31m-  port: 80\x1b[0m\n"), "{}", seen.text);
    let plain = at_terminal(at.url(), &[("NO_COLOR", "1")], &["diff", "-f", &path], "").await;
    assert!(plain.text.contains("\n-  port: 80\n"), "{}", plain.text);
}

#[tokio::test]
async fn no_error_ends_as_a_difference_does() {
    let (folder, _daemon, at) = empty().await;
    folder.write("wrong.yaml", "kind: site\nspec: {}\n");
    with(&at, &folder, "diff -f @wrong.yaml").await.with_code(2).logged("wrong.yaml:1: name: is missing");
    folder.write("blog.yaml", "kind: site\nname: a\nowners: [{kind: x, name: x}]\nspec: {}\n");
    with(&at, &folder, "diff -f @blog.yaml").await.with_code(2).logged("blog.yaml:1: ");
    let nowhere = super::at::At::new("http://127.0.0.1:9");
    with(&nowhere, &folder, "diff -f @blog.yaml").await.with_code(5);
}

#[tokio::test]
async fn what_would_be_owned_by_what_would_be_made_is_told_too() {
    let (folder, _daemon, at) = empty().await;
    folder.write("all.yaml", "kind: listing\nname: a\nowners: [{kind: site, name: blog}]\nspec: {}\n---\nkind: site\nname: blog\nspec: {}\n");
    let out = with(&at, &folder, "diff -f @all.yaml").await.with_code(1).out;
    assert!(out.contains("+++ site/blog (") && out.contains("+++ listing/a ("), "{out}");
}
